import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { generateImage, type ImageKind, imageKinds, isLossless, temporaryFolder } from '@darkroom/testing'
import { inLanes } from './lanes.ts'

/** An image file for a test. */
export interface Picture {
  path: string
  /** Its result can be compared with it sample by sample. */
  isExact: boolean
}

export interface PictureSize {
  kind: ImageKind
  width: number
  height: number
}

/** Pictures of 6 to 20 megapixels, in the kinds in which that takes seconds rather than minutes. */
export const largePictures: readonly PictureSize[] = [
  { kind: 'jpeg', width: 5164, height: 3873 },
  { kind: 'jpeg', width: 4000, height: 3000 },
  { kind: 'png', width: 3000, height: 2000 },
  { kind: 'tiff', width: 3000, height: 2000 },
  { kind: 'webp', width: 3000, height: 2000 },
]

/** So many pictures of all kinds in turn, none above 0.2 megapixels, each one different. */
export function smallPictures(count: number): PictureSize[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: imageKinds[index % imageKinds.length] ?? 'jpeg',
    width: 160 + ((index * 37) % 340),
    height: 120 + ((index * 53) % 280),
  }))
}

/** Generates the pictures as files, in a folder that is gone when the test has ended. */
export async function makePictures(t: TestContext, sizes: readonly PictureSize[]): Promise<Picture[]> {
  const folder = temporaryFolder(t)
  return inLanes(2, [...sizes.entries()], async ([index, size]) => {
    const path = join(folder, `${index}.${size.kind}`)
    await writeFile(path, await generateImage({ ...size, seed: index + 1 }))
    return { path, isExact: isLossless(size.kind) }
  })
}

const photographs = ['nature/Dune.jpg', 'nature/FreshFlower.jpg', 'nature/Wood.jpg', 'desktop/Stripes.png']

/** Photographs that Debian's desktop brings along, as far as they are installed. */
export function installedPhotographs(): Picture[] {
  return photographs
    .map(name => ({ path: join('/usr/share/backgrounds/mate', name), isExact: name.endsWith('.png') }))
    .filter(({ path }) => existsSync(path))
}

export function readPicture({ path }: Picture): Promise<Buffer> {
  return readFile(path)
}
