import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative } from 'node:path'

export interface FoundImage {
  /** The path as the user gave it, or below a folder that the user gave. */
  file: string
  /** A name for its results below the output folder, without an extension. */
  name: string
  bytes: number
  /** The same for all paths to the file; undefined for a URL. */
  identity?: string
  /** Why it can't be developed. */
  problem?: string
}

interface FoundImages {
  images: FoundImage[]
  /** How many files in the folders don't have the extension of an image. */
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
  const excluded = identityOf(await stat(out))
  for (const input of inputs) {
    if (isUrl(input)) {
      images.push({ file: input, name: nameIn(new URL(input).pathname) || 'image', bytes: 0 })
      continue
    }
    const found = await statOrError(input)
    if (found instanceof Error || !found.isDirectory()) {
      images.push({ ...describe(input, found), name: nameIn(input) })
      continue
    }
    const inside = await filesBelow(input, excluded)
    const named = inside.files.filter(file => imageName.test(file))
    skippedCount += inside.files.length - named.length
    images.push(...inside.unreadable)
    if (named.length + inside.unreadable.length === 0)
      images.push(withProblem(input, 'this folder contains no image'))
    for (const file of named) {
      const described = describe(file, await statOrError(file))
      images.push({ ...described, name: join(dirname(relative(input, file)), nameIn(file)) })
    }
  }
  return { images: withFreeNames(images, variants), skippedCount }
}

export function isUrl(input: string): boolean {
  return /^https?:\/\//i.test(input) && URL.canParse(input)
}

/** Different paths to one file have the same identity: links, and other spellings on disks that ignore case. */
export function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`
}

function statOrError(path: string): Promise<Stats | NodeJS.ErrnoException> {
  return stat(path).catch((error: NodeJS.ErrnoException) => error)
}

function describe(file: string, found: Stats | NodeJS.ErrnoException): Omit<FoundImage, 'name'> {
  if (found instanceof Error) {
    const problem = found.code === 'ENOENT' ? 'no such file' : found.message
    return { file, bytes: 0, problem: hasUnreadableName(file) ? notUtf8 : problem }
  }
  const described = { file, bytes: found.size, identity: identityOf(found) }
  return found.isFile() ? described : { ...described, problem: 'not a regular file' }
}

const notUtf8 = 'its name is not UTF-8; rename it'

/** Node replaces each byte that is not UTF-8, so the path leads nowhere. */
function hasUnreadableName(path: string): boolean {
  return path.includes('\ufffd')
}

function withProblem(file: string, problem: string): FoundImage {
  return { file, name: nameIn(file), bytes: 0, problem }
}

function nameIn(path: string): string {
  return basename(path, extname(path))
}

interface FilesBelow {
  files: string[]
  /** The folders that can't be read. */
  unreadable: FoundImage[]
}

/** All files below a folder, sorted; links to folders are not followed, because they may form a circle. */
async function filesBelow(folder: string, excluded: string): Promise<FilesBelow> {
  const found: FilesBelow = { files: [], unreadable: [] }
  const read = async (inside: string) => {
    try {
      if (inside !== folder && identityOf(await stat(inside)) === excluded) return
      const entries = await readdir(inside, { withFileTypes: true })
      for (const entry of entries.filter(({ name }) => !name.startsWith('.')).sort(byName)) {
        const path = join(inside, entry.name)
        if (entry.isDirectory()) await read(path)
        else found.files.push(path)
      }
    } catch (error) {
      const { syscall, message } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      const problem = hasUnreadableName(inside) ? notUtf8 : `the folder cannot be read: ${message}`
      found.unreadable.push(withProblem(inside, problem))
    }
  }
  await read(folder)
  return found
}

function byName(one: Dirent, other: Dirent): number {
  return one.name < other.name ? -1 : 1
}

/**
 * Makes all names different, variants included: later files with the same name get a number. Names that differ only in
 * case are the same on some disks.
 */
function withFreeNames(images: readonly FoundImage[], variants: readonly string[]): FoundImage[] {
  const taken = new Set<string>()
  return images.map(image => {
    const namesOf = (name: string) =>
      [name, ...variants.map(variant => resultName(name, variant))].map(each =>
        each.normalize().toLowerCase(),
      )
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
