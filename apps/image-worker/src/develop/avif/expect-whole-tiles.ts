import sharp from 'sharp'
import type { Size } from '../../permute/rectangle.ts'
import { type DevelopLimits, timeoutOf } from '../limits.ts'
import { boxesIn, findBox, insideMeta, metaIn } from './file-boxes.ts'
import { itemsIn, primaryOf, referencesIn } from './items.ts'

/** The most bytes that libheif takes for each pixel; see held-bytes.ts. */
const bytesPerPixel = 22

/**
 * Decodes each tile of an AVIF, and of its transparency, separately. libvips lets libheif leave tiles blank if they can't be
 * decoded. Awaits `reserve` before it takes memory.
 *
 * @throws an error of the decoder when a tile is damaged
 */
export async function expectWholeTiles(
  input: Uint8Array,
  { width, height }: Size,
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void>,
): Promise<void> {
  const tiles = tilesOf(Buffer.from(input.buffer, input.byteOffset, input.byteLength))
  if (tiles.length === 0) return
  await reserve(input.length + bytesPerPixel * width * height)
  const copy = Buffer.from(input)
  const options = { limitInputPixels: limits.maxPixels, failOn: 'warning' } as const
  for (const id of tiles) {
    makePrimary(copy, id)
    await sharp(copy, options).timeout(timeoutOf(limits)).raw().toBuffer()
  }
}

/** The tiles of the primary image and of its transparency. */
function tilesOf(file: Buffer): number[] {
  const meta = metaIn(file)
  if (!meta) return []
  const parts = [...boxesIn(file, insideMeta(meta))]
  const pitm = parts.find(({ type }) => type === 'pitm')
  if (!pitm) return []
  const references = referencesIn(file, parts)
  const grids = new Set(
    itemsIn(file, parts)
      .filter(({ type }) => type === 'grid')
      .map(({ id }) => id),
  )
  const ids = new Set([primaryOf(file, pitm)])
  // The iteration of a set includes the elements that are added meanwhile.
  for (const id of ids)
    for (const { type, from, to } of references) {
      if (type === 'dimg' && from === id) for (const part of to) ids.add(part)
      if (type === 'auxl' && to.includes(id)) ids.add(from)
    }
  return references
    .filter(({ type, from }) => type === 'dimg' && grids.has(from) && ids.has(from))
    .flatMap(({ to }) => to.filter(id => !grids.has(id)))
}

/** Makes an item the primary image, in place, and visible, because libheif takes no hidden primary image. */
function makePrimary(file: Buffer, id: number): void {
  const meta = metaIn(file)
  if (!meta) return
  const { body } = findBox(file, insideMeta(meta), 'pitm')
  if (file[body] === 0) file.writeUInt16BE(id, body + 4)
  else file.writeUInt32BE(id, body + 4)
  const { body: iinf, end } = findBox(file, insideMeta(meta), 'iinf')
  const entries = boxesIn(file, { body: iinf + (file[iinf] === 0 ? 6 : 8), end })
  for (const { body: at } of entries) file.writeUInt8((file[at + 3] ?? 0) & ~1, at + 3)
}
