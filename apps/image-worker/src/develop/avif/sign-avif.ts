import { bytesSource, type Cicp, readAvifCoding } from '@darkroom/image-header'
import type { ColourNumbers } from '../colour/colour-space.ts'
import { boxesIn, type FileBox, findBox, insideMeta, wholeOf } from './file-boxes.ts'

/**
 * Declares these colour numbers in a finished AVIF, with the matrix that its encoding uses: in the `colr` box, which
 * decoders prefer, and in the AV1 data.
 */
export async function signAvif(
  avif: Uint8Array,
  { primaries, transfer }: ColourNumbers,
): Promise<Uint8Array> {
  const coding = await readAvifCoding(bytesSource(avif))
  if (!coding) throw new TypeError('the encoder wrote no AVIF')
  const { cicp, places } = coding
  const signed = Buffer.from(avif)
  for (const at of places.containers) {
    signed.writeUInt16BE(primaries, at)
    signed.writeUInt16BE(transfer, at + 2)
  }
  // For sRGB without a matrix, AV1 has other bits after the numbers. Then only the box declares the colours.
  const isImplicit = cicp.primaries === 1 && cicp.transfer === 13 && cicp.matrix === 0
  if (places.sequence !== undefined && !isImplicit) {
    writeBits(signed, places.sequence, primaries)
    writeBits(signed, places.sequence + 8, transfer)
  }
  return places.containers.length > 0 ? signed : addColourBox(signed, { ...cicp, primaries, transfer })
}

/** Writes eight bits that may begin inside a byte. */
function writeBits(bytes: Buffer, bit: number, value: number): void {
  const [at, shift] = [bit >> 3, 8 - (bit & 7)]
  const kept = bytes.readUInt16BE(at) & ~(0xff << shift)
  bytes.writeUInt16BE(kept | (value << shift), at)
}

/**
 * Adds a `colr` box to the properties of the primary image: the box goes at the end of `ipco`, its index at the end of
 * the image's entry in `ipma`. All data after them moves, so the offsets in `iloc` grow (ISO/IEC 14496-12 section 8.11,
 * ISO/IEC 23008-12 section 9.3).
 */
function addColourBox(avif: Buffer, { primaries, transfer, matrix, isFullRange }: Cicp): Buffer {
  const meta = findBox(avif, wholeOf(avif), 'meta')
  const inMeta = insideMeta(meta)
  const iprp = findBox(avif, inMeta, 'iprp')
  const [ipco, ipma] = [findBox(avif, iprp, 'ipco'), findBox(avif, iprp, 'ipma')]
  const primary = avif.readUInt16BE(findBox(avif, inMeta, 'pitm').body + 4)

  const box = Buffer.alloc(19)
  box.writeUInt32BE(box.length)
  box.write('colrnclx', 4, 'latin1')
  for (const [index, number] of [primaries, transfer, matrix].entries())
    box.writeUInt16BE(number, 12 + 2 * index)
  box[18] = isFullRange ? 0x80 : 0
  const number = [...boxesIn(avif, ipco)].length + 1
  const { countAt, end } = associationsOf(avif, ipma, primary)
  avif[countAt] = (avif[countAt] ?? 0) + 1

  const added = box.length + 1
  moveItems(avif, findBox(avif, inMeta, 'iloc'), meta.end, added)
  grow(avif, ipco, box.length)
  grow(avif, ipma, 1)
  for (const parent of [iprp, meta]) grow(avif, parent, added)
  const parts = [
    { at: ipco.end, bytes: box },
    { at: end, bytes: Buffer.of(number) },
  ].toSorted((one, other) => one.at - other.at)
  const [first, second] = parts as [(typeof parts)[0], (typeof parts)[0]]
  return Buffer.concat([
    avif.subarray(0, first.at),
    first.bytes,
    avif.subarray(first.at, second.at),
    second.bytes,
    avif.subarray(second.at),
  ])
}

function grow(avif: Buffer, { start, end }: FileBox, bytes: number): void {
  avif.writeUInt32BE(end - start + bytes, start)
}

/**
 * The position of the number of an item's properties, and the end of their list. libheif writes one byte for each
 * property.
 */
function associationsOf(avif: Buffer, { body }: FileBox, item: number): { countAt: number; end: number } {
  if (avif.readUInt32BE(body) !== 0) fail('an ipma box of another version')
  let at = body + 8
  for (let entries = avif.readUInt32BE(body + 4); entries > 0; entries--) {
    const end = at + 3 + (avif[at + 2] ?? 0)
    if (avif.readUInt16BE(at) === item) return { countAt: at + 2, end }
    at = end
  }
  return fail('no properties for its image')
}

/** Offsets have 32 bits. They count from the item's base if it has one. */
function moveItems(avif: Buffer, { body }: FileBox, from: number, bytes: number): void {
  const version = avif[body]
  const baseBytes = (avif[body + 5] ?? 0) >> 4
  if (version !== 0 && version !== 1) fail('an iloc box of another version')
  if (avif[body + 4] !== 0x44 || (baseBytes !== 0 && baseBytes !== 4)) fail('an iloc box with other sizes')
  let at = body + 8
  for (let items = avif.readUInt16BE(body + 6); items > 0; items--) {
    at += version === 1 ? 6 : 4
    const [baseAt, extents] = [at, avif.readUInt16BE(at + baseBytes)]
    const base = baseBytes === 0 ? 0 : avif.readUInt32BE(baseAt)
    if (base >= from) avif.writeUInt32BE(base + bytes, baseAt)
    at += baseBytes + 2
    for (let extent = 0; extent < extents; extent++, at += 8) {
      const offset = avif.readUInt32BE(at)
      if (base < from && base + offset >= from) avif.writeUInt32BE(offset + bytes, at)
    }
  }
}

function fail(what: string): never {
  throw new TypeError(`the encoder wrote an AVIF with ${what}`)
}
