import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'

export interface FoundImage {
  /** The path as the user gave it, or below a folder that the user gave. */
  file: string
  /** A name for its results below the output folder, without an extension. */
  name: string
  bytes: number
  /** Why it can't be developed. */
  problem?: string
}

export interface FoundImages {
  images: FoundImage[]
  /** How many files of the folders don't have the name of an image. */
  skippedCount: number
}

const imageName = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|hei[cf]|hif)$/i

/**
 * Finds the images that the inputs name: files, URLs, and all files below a folder that have the extension of an image,
 * except hidden files and the folder `out`. `variants` are the names that are appended to the names of results.
 */
export async function findImages(
  inputs: readonly string[],
  out: string,
  variants: readonly string[],
): Promise<FoundImages> {
  const images: FoundImage[] = []
  let skippedCount = 0
  for (const input of inputs) {
    if (isUrl(input)) {
      images.push({ file: input, name: nameIn(new URL(input).pathname) || 'image', bytes: 0 })
      continue
    }
    const found = await stat(input).catch(() => undefined)
    if (!found?.isDirectory()) {
      images.push({ ...describe(input, found), name: nameIn(input) })
      continue
    }
    const inside = await filesBelow(input, resolve(out)).catch((error: NodeJS.ErrnoException) => error)
    if (inside instanceof Error) {
      images.push(withProblem(input, `the folder can't be read: ${inside.message}`))
      continue
    }
    const named = inside.filter(file => imageName.test(file))
    skippedCount += inside.length - named.length
    if (named.length === 0) images.push(withProblem(input, 'this folder contains no image'))
    for (const file of named) {
      const described = describe(file, await stat(file).catch(() => undefined))
      images.push({ ...described, name: join(dirname(relative(input, file)), nameIn(file)) })
    }
  }
  return { images: withFreeNames(images, variants), skippedCount }
}

export function isUrl(input: string): boolean {
  return /^https?:\/\//i.test(input) && URL.canParse(input)
}

function describe(
  file: string,
  found: { size: number; isFile: () => boolean } | undefined,
): Omit<FoundImage, 'name'> {
  if (!found) return { file, bytes: 0, problem: 'there is no such file' }
  return { file, bytes: found.size, ...(!found.isFile() && { problem: 'it is not a file' }) }
}

function withProblem(file: string, problem: string): FoundImage {
  return { file, name: nameIn(file), bytes: 0, problem }
}

function nameIn(path: string): string {
  return basename(path, extname(path))
}

/** All files below a folder, sorted; links to folders are not followed, because they may form a circle. */
async function filesBelow(folder: string, excluded: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'))
  const below = await Promise.all(
    entries.sort(byName).map(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return resolve(path) === excluded ? [] : filesBelow(path, excluded)
      return [path]
    }),
  )
  return below.flat()
}

function byName(one: Dirent, other: Dirent): number {
  return one.name < other.name ? -1 : 1
}

/** Makes all names different, variants included: later files with the same name get a number. */
function withFreeNames(images: readonly FoundImage[], variants: readonly string[]): FoundImage[] {
  const taken = new Set<string>()
  return images.map(image => {
    const namesOf = (name: string) => [name, ...variants.map(variant => resultName(name, variant))]
    let free = image.name
    for (let number = 2; namesOf(free).some(name => taken.has(name)); number++)
      free = `${image.name}-${number}`
    for (const name of namesOf(free)) taken.add(name)
    return { ...image, name: free }
  })
}

/** The name of a result, without extension, as in archives. */
export function resultName(name: string, variant: string): string {
  return `${name}_${variant}`
}
