import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mapConcurrently } from '@darkroom/service-kit'
import { generateImage, type ImageKind, imageKinds, isLossless } from '@darkroom/testing'

/** An image file for a test. */
export interface Picture {
  path: string
  /** Whether its result is exact, so that every sample can be compared. */
  isExact: boolean
}

interface PictureSize {
  kind: ImageKind
  width: number
  height: number
}

/** Pictures of 2 to 20 megapixels, in kinds that take seconds rather than minutes. */
export const largePictures: readonly PictureSize[] = [
  { kind: 'jpeg', width: 5164, height: 3873 },
  { kind: 'png', width: 3000, height: 2000 },
  { kind: 'tiff', width: 2000, height: 1000 },
  { kind: 'webp', width: 2000, height: 1000 },
]

/** Makes `count` different pictures of all kinds in turn, each of at most 0.05 megapixels. */
export function smallPictures(count: number): PictureSize[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: imageKinds[index % imageKinds.length] ?? 'jpeg',
    width: 80 + ((index * 37) % 170),
    height: 60 + ((index * 53) % 140),
  }))
}

/**
 * Makes the pictures as files. Later tests reuse the files, so tests must not change them. Generating the pictures of one
 * run takes several seconds of CPU time.
 */
export async function makePictures(sizes: readonly PictureSize[]): Promise<Picture[]> {
  await mkdir(album, { recursive: true, mode: 0o700 })
  return mapConcurrently(2, sizes, async size => {
    const { kind, width, height } = size
    const path = join(album, `${width}x${height}.${kind}`)
    if (!existsSync(path)) await keep(path, await generateImage({ ...size, seed: width + height }))
    return { path, isExact: isLossless(kind) }
  })
}

/** A new folder whenever the code that generates the pictures changes. */
const album = join(import.meta.dirname, '../../../node_modules/.cache/pictures', generatorVersion())

function generatorVersion(): string {
  const generator = createHash('sha256')
  const sources = dirname(fileURLToPath(import.meta.resolve('@darkroom/testing')))
  for (const name of ['generated-image.ts', 'photograph.ts', '../package.json'])
    generator.update(readFileSync(join(sources, name)))
  return generator.digest('hex').slice(0, 16)
}

/** Writes a file so that other processes see the complete file or no file. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${process.pid}`
  await writeFile(part, bytes)
  await rename(part, path)
}

const photographs = ['nature/Dune.jpg', 'nature/FreshFlower.jpg', 'nature/Wood.jpg', 'desktop/Stripes.png']

/** The photographs of Debian's desktop, if they are installed. */
export function installedPhotographs(): Picture[] {
  return photographs
    .map(name => ({ path: join('/usr/share/backgrounds/mate', name), isExact: name.endsWith('.png') }))
    .filter(({ path }) => existsSync(path))
}

export function readPicture({ path }: Picture): Promise<Buffer> {
  return readFile(path)
}
