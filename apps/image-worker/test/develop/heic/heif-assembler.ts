import { readFileSync } from 'node:fs'
import { exifOf } from '../metadata-traces.ts'

/* Assembles HEIF files box by box around data from an encoder, as phones write them and heif-enc doesn't. */

export interface HeifItem {
  /** 'hvc1', 'grid', 'Exif', … */
  type: string
  data: Uint8Array
  /** Complete boxes; a box that several items share is written once. */
  properties?: Uint8Array[]
  /** The numbers of other items by type of reference; items are numbered from 1, in their order. */
  references?: Record<string, number[]>
  isHidden?: boolean
}

export function assembleHeif(
  items: readonly HeifItem[],
  { primary = 1, brands = ['heic', 'mif1'] }: { primary?: number; brands?: string[] } = {},
): Buffer {
  const ftyp = box('ftyp', brands[0] ?? '', uint32(0), ...brands)
  // The offsets of the data are known once the length of the boxes before them is known.
  const { length } = metaOf(items, primary, 0)
  const meta = metaOf(items, primary, ftyp.length + length + 8)
  return Buffer.concat([ftyp, meta, box('mdat', ...items.map(({ data }) => data))])
}

export function box(type: string, ...parts: (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(
    parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, 'latin1'), body])
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const ispe = (width: number, height: number) => box('ispe', uint32(0), uint32(width), uint32(height))

/** Colours by number (ITU-T H.273). */
export const nclx = (primaries: number, transfer: number, range: 'full' | 'narrow' = 'full') => {
  const flags = Uint8Array.of(range === 'full' ? 0x80 : 0)
  return box('colr', 'nclx', uint16(primaries), uint16(transfer), uint16(6), flags)
}

/** Quarter turns anti-clockwise. */
export const irot = (turns: number) => box('irot', Uint8Array.of(turns))

/** 0 mirrors top and bottom, 1 left and right (ISO/IEC 23008-12, section 6.5.12). */
export const imir = (axis: number) => box('imir', Uint8Array.of(axis))

/**
 * Shows a part of an image (ISO/IEC 14496-12, section 12.1.4); the offset is that of its centre. All are fractions with
 * this denominator.
 */
export const clap = (part: Record<'width' | 'height' | 'right' | 'down', number>, denominator = 1) =>
  box(
    'clap',
    ...[part.width, part.height, part.right, part.down].flatMap(value => [
      uint32((value * denominator) >>> 0),
      uint32(denominator),
    ]),
  )

/** Data of a grid (section 6.6.2.3), its size in 32 bits. */
function gridData(columns: number, rows: number, width: number, height: number): Buffer {
  return Buffer.concat([Uint8Array.of(0, 1, rows - 1, columns - 1), uint32(width), uint32(height)])
}

export function sample(name: string): Buffer {
  return readFileSync(new URL(`samples/${name}`, import.meta.url))
}

/** The image of tile.heic, 64 x 64 pixels, as an item of another file. */
export const tileItem = itemsLike('tile.heic', 64)

/** The image of grey.heic, 64 x 64 pixels without colour, as an item of another file. */
export const greyItem = itemsLike('grey.heic', 64)

/** The image of flat.heic, 1024 x 1024 pixels, as an item of another file. */
export const flatItem = itemsLike('flat.heic', 1024)

/** A grid of tiles, cut to its size. */
export function gridOf(
  { columns, rows, width, height }: { columns: number; rows: number; width: number; height: number },
  tile: HeifItem = tileItem(),
  ...properties: Uint8Array[]
): Buffer {
  const numbers = Array.from({ length: columns * rows }, (_, n) => n + 2)
  const grid: HeifItem = {
    type: 'grid',
    data: gridData(columns, rows, width, height),
    properties: [ispe(width, height), ...properties],
    references: { dimg: numbers },
  }
  return assembleHeif([grid, ...numbers.map(() => ({ ...tile, isHidden: true }))])
}

function itemsLike(name: string, side: number): (...properties: Uint8Array[]) => HeifItem {
  const file = sample(name)
  const hvcCAt = file.indexOf('hvcC') - 4
  const own = [file.subarray(hvcCAt, hvcCAt + file.readUInt32BE(hvcCAt)), ispe(side, side)]
  const data = file.subarray(file.indexOf('mdat') + 4)
  return (...properties) => ({ type: 'hvc1', data, properties: [...own, ...properties] })
}

function metaOf(items: readonly HeifItem[], primary: number, dataAt: number): Buffer {
  const properties = items.flatMap(item => item.properties ?? [])
  const boxes = properties.filter((property, index) => properties.indexOf(property) === index)
  const infes = items.map(({ type, isHidden = false }, index) =>
    box('infe', Uint8Array.of(2, 0, 0, isHidden ? 1 : 0), uint16(index + 1), uint16(0), type, '\0'),
  )
  const associations = items.map((item, index) => {
    const indices = (item.properties ?? []).map(property => boxes.indexOf(property) + 1)
    return Buffer.concat([uint16(index + 1), Uint8Array.of(indices.length, ...indices)])
  })
  let at = dataAt
  const locations = items.map(({ data }, index) => {
    const location = Buffer.concat([uint16(index + 1), uint16(0), uint16(1), uint32(at), uint32(data.length)])
    at += data.length
    return location
  })
  const references = items.flatMap(({ references = {} }, index) =>
    Object.entries(references).map(([type, to]) =>
      box(type, uint16(index + 1), uint16(to.length), ...to.map(uint16)),
    ),
  )
  return box(
    'meta',
    uint32(0),
    box('hdlr', uint32(0), uint32(0), 'pict', Buffer.alloc(13)),
    box('pitm', uint32(0), uint16(primary)),
    box('iloc', uint32(0), Uint8Array.of(0x44, 0), uint16(items.length), ...locations),
    box('iinf', uint32(0), uint16(items.length), ...infes),
    box('iprp', box('ipco', ...boxes), box('ipma', uint32(0), uint32(items.length), ...associations)),
    ...(references.length > 0 ? [box('iref', uint32(0), ...references)] : []),
  )
}

/** EXIF of image 1: the orientation of the camera, and the artist. */
export function exifItem(orientation: number): HeifItem {
  const data = Buffer.concat([Buffer.alloc(4), exifOf(orientation)])
  return { type: 'Exif', data, references: { cdsc: [1] } }
}
