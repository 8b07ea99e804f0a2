import type { ImageHeader } from '@darkroom/image-header'
import { UnusableImage } from '../unusable-image.ts'
import { boxesIn, encodeBox, type FileBox, findBox } from './file-boxes.ts'

/**
 * An AVIF or HEIC in a form that libheif and libvips read as other decoders do; the file itself if they already do.
 *
 * @throws UnusableImage for a sequence without a still image
 */
export function forLibheif(input: Uint8Array, { channels }: Pick<ImageHeader, 'channels'>): Uint8Array {
  const file = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  const meta = boxesIn(file, wholeOf(file)).find(({ type }) => type === 'meta')
  if (!meta) {
    const words = 'a sequence without a still image is not supported'
    throw new UnusableImage('unsupported-image', words)
  }
  const turned = channels === 4 ? withTurnedAlpha(file, meta) : file
  const known = withKnownBrand(turned)
  return known === file ? input : known
}

/** The first brands that libvips accepts for a file with a still image (heifload.c). */
const knownBrands = ['heic', 'heix', 'hevc', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1', 'avif']

/** ISO/IEC 14496-12, 4.3: the first brand stands for the best use of a file, such as its sequence. */
function withKnownBrand(file: Buffer): Buffer {
  if (knownBrands.includes(file.toString('latin1', 8, 12))) return file
  const copy = Buffer.from(file)
  copy.write('mif1', 8, 'latin1')
  return copy
}

const transformations = ['clap', 'irot', 'imir']

/**
 * Declares the transformations of the primary image for its transparency as well, if that has none. libavif writes them
 * only once and applies them to both; libheif would stretch unturned transparency over the turned image.
 *
 * The changed `meta` box is at the end, so that no data moves:
 *
 *     ftyp | meta | mdat  ->  ftyp | free | mdat | meta
 */
function withTurnedAlpha(file: Buffer, meta: FileBox): Buffer {
  const inMeta = { body: meta.body + 4, end: meta.end }
  const parts = [...boxesIn(file, inMeta)]
  const properties = findBox(file, inMeta, 'iprp')
  const primary = primaryOf(file, findBox(file, inMeta, 'pitm'))
  const types = [...boxesIn(file, findBox(file, properties, 'ipco'))].map(({ type }) => type)
  const isTransformation = ({ index }: Association) => transformations.includes(types[index - 1] ?? '')
  const associations = readAssociations(file, properties)
  const missing = (associations.get(primary) ?? []).filter(isTransformation)
  const unturned = auxiliariesOf(file, parts, primary).filter(
    id => !(associations.get(id) ?? []).some(isTransformation),
  )
  if (missing.length === 0 || unturned.length === 0) return file

  for (const id of unturned) associations.set(id, [...(associations.get(id) ?? []), ...missing])
  const others = [...boxesIn(file, properties)].filter(({ type }) => type !== 'ipma')
  const changed = encodeBox('iprp', ...others.map(box => bytesOf(file, box)), writeAssociations(associations))
  const content = parts.map(part => (part.type === 'iprp' ? changed : bytesOf(file, part)))
  const copy = Buffer.from(file)
  copy.write('free', meta.start + 4, 'latin1')
  endLastBox(copy)
  return Buffer.concat([copy, encodeBox('meta', file.subarray(meta.body, inMeta.body), ...content)])
}

/** ISO/IEC 14496-12, 4.2: a size of 0 means up to the end of the file. */
function endLastBox(file: Buffer): void {
  const last = [...boxesIn(file, wholeOf(file))].at(-1)
  if (last && file.readUInt32BE(last.start) === 0) file.writeUInt32BE(file.length - last.start, last.start)
}

/** ISO/IEC 14496-12, 8.11.4. */
function primaryOf(file: Buffer, { body }: FileBox): number {
  return file[body] === 0 ? file.readUInt16BE(body + 4) : file.readUInt32BE(body + 4)
}

/** ISO/IEC 14496-12, 8.11.12: the images with a reference of type `auxl` to an image. */
function auxiliariesOf(file: Buffer, parts: readonly FileBox[], image: number): number[] {
  const found: number[] = []
  for (const { body, end } of parts.filter(({ type }) => type === 'iref')) {
    const bytes = file[body] === 0 ? 2 : 4
    for (const reference of boxesIn(file, { body: body + 4, end })) {
      const numbers = reference.body + bytes
      const count = file.readUInt16BE(numbers)
      const to = Array.from({ length: count }, (_, at) => file.readUIntBE(numbers + 2 + at * bytes, bytes))
      if (reference.type === 'auxl' && to.includes(image)) found.push(file.readUIntBE(reference.body, bytes))
    }
  }
  return found
}

interface Association {
  readonly isEssential: boolean
  /** Counted from 1; 0 means none. */
  readonly index: number
}

/** ISO/IEC 23008-12, 9.3.1: the properties of each item, in the order in which they apply. */
function readAssociations(file: Buffer, properties: FileBox): Map<number, readonly Association[]> {
  const associations = new Map<number, readonly Association[]>()
  for (const { type, body } of boxesIn(file, properties)) {
    if (type !== 'ipma') continue
    const idBytes = file[body] === 0 ? 2 : 4
    const indexBytes = ((file[body + 3] ?? 0) & 1) + 1
    const top = 2 ** (8 * indexBytes - 1)
    let at = body + 8
    const number = (bytes: number) => {
      at += bytes
      return file.readUIntBE(at - bytes, bytes)
    }
    for (let entries = file.readUInt32BE(body + 4); entries > 0; entries--) {
      const id = number(idBytes)
      const list = Array.from({ length: number(1) }, () => {
        const word = number(indexBytes)
        return { isEssential: word >= top, index: word % top }
      })
      if (!associations.has(id)) associations.set(id, list)
    }
  }
  return associations
}

/** Version 1, flags 1: ids of 32 bits, indices of 15 bits. */
function writeAssociations(associations: ReadonlyMap<number, readonly Association[]>): Buffer {
  const entries = [...associations].map(([id, list]) => {
    const entry = Buffer.alloc(5 + 2 * list.length)
    entry.writeUInt32BE(id)
    entry.writeUInt8(list.length, 4)
    for (const [at, { isEssential, index }] of list.entries())
      entry.writeUInt16BE(index + (isEssential ? 0x8000 : 0), 5 + 2 * at)
    return entry
  })
  const head = Buffer.from([1, 0, 0, 1, 0, 0, 0, 0])
  head.writeUInt32BE(entries.length, 4)
  return encodeBox('ipma', head, ...entries)
}

function bytesOf(file: Buffer, { start, end }: FileBox): Buffer {
  return file.subarray(start, end)
}

function wholeOf({ length }: Buffer): Pick<FileBox, 'body' | 'end'> {
  return { body: 0, end: length }
}
