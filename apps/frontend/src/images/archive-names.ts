import { outputKey } from '@darkroom/contracts'

interface NamedImage {
  id: string
  /** The name of its file, without extension, as its user gave it. */
  name?: string | undefined
  /** The names of its variants; undefined stands for the result. */
  outputs: readonly (string | undefined)[]
}

/** In bytes of UTF-8. File systems allow 255 for a name with its number, variant and extension. */
const maxNameBytes = 150

/** Characters with a meaning in paths or on Windows, control characters, and those that change the direction of text. */
const unsafe = /[\\/:*?"<>|\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
/** Windows opens a device under these names, with any extension. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/**
 * The names of the files of images in an archive, without variants and extensions. They are safe on every system, and no two
 * files get the same name, even on systems that ignore case. An image without a usable name is named by its id.
 */
export function archiveNames(images: readonly NamedImage[]): string[] {
  const taken = new Set<string>()
  return images.map(({ id, name = '', outputs }) => {
    const safe = safeName(name) || id
    const filesOf = (each: string) => outputs.map(output => outputKey(each, output).toLowerCase())
    let free = safe
    for (let number = 2; filesOf(free).some(file => taken.has(file)); number++) free = `${safe}-${number}`
    for (const file of filesOf(free)) taken.add(file)
    return free
  })
}

function safeName(text: string): string {
  const name = shorten(text.toWellFormed().normalize('NFC').replace(unsafe, '_'))
  // A leading dot hides a file; Windows drops trailing dots and spaces.
  return name.replace(/^[\s.]+|[\s.]+$/g, '').replace(device, '_$&')
}

/** Cuts between characters as people see them, not inside a character. */
function shorten(text: string): string {
  let bytes = 0
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    bytes += Buffer.byteLength(segment)
    if (bytes > maxNameBytes) break
    kept += segment
  }
  return kept
}
