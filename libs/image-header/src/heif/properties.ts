import type { Cicp } from './av1-sequence.ts'
import type { Box, BoxWalker, TableCursor } from './boxes.ts'
import { type CleanAperture, parseCleanAperture } from './clean-aperture.ts'

/** The item properties that affect the result; of all others only the position counts. */
export type HeifProperty =
  /** The size of the image as coded. */
  | { type: 'ispe'; width: number; height: number }
  | { type: 'bits'; bits: number; isConfiguration: boolean }
  /** Clean aperture: the part that is cut out of the image. */
  | { type: 'clap'; aperture: CleanAperture }
  | { type: 'irot'; isQuarterTurn: boolean }
  | { type: 'alpha' }
  /** Colours by number, and the byte of the file where the numbers begin. */
  | { type: 'nclx'; cicp: Cicp; at: number }
  | { type: 'other' }

/** ISO/IEC 23008-12 section 9.3: the `ipco` box. Properties are counted in this order. */
export async function readProperties(walker: BoxWalker, ipco: Box): Promise<HeifProperty[]> {
  const properties: HeifProperty[] = []
  for await (const box of walker.children(ipco)) properties.push(await readProperty(walker, box))
  return properties
}

async function readProperty(walker: BoxWalker, box: Box): Promise<HeifProperty> {
  const parse = parsers.get(box.type)
  return parse ? parse(await walker.table(box), box) : { type: 'other' }
}

const alphaTypes = [
  // MIAF (ISO/IEC 23000-22) section 7.3.5.2, which AVIF uses; then HEIF's own, which libheif accepts as well.
  'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha',
  'urn:mpeg:hevc:2015:auxid:1',
  'urn:mpeg:avc:2015:auxid:1',
]

const parsers = new Map<string, (table: TableCursor, box: Box) => HeifProperty>([
  ['ispe', parseIspe],
  ['av1C', parseAv1Configuration],
  ['hvcC', parseHevcConfiguration],
  ['pixi', parsePixi],
  ['clap', table => ({ type: 'clap', aperture: parseCleanAperture(table) })],
  // ISO/IEC 23008-12 section 6.5.10: quarter turns anti-clockwise in two bits.
  ['irot', table => ({ type: 'irot', isQuarterTurn: (table.uint8() & 1) === 1 })],
  ['auxC', parseAuxiliary],
  ['colr', parseColour],
])

/** ISO/IEC 23008-12 section 6.5.3. */
function parseIspe(table: TableCursor): HeifProperty {
  table.fullBox()
  return { type: 'ispe', width: table.uint32(), height: table.uint32() }
}

/** AV1-ISOBMFF section 2.3.3: marker, profile and level, then tier, high_bitdepth, twelve_bit. */
export function parseAv1Configuration(table: TableCursor): HeifProperty {
  table.skip(2)
  const flags = table.uint8()
  const highBits = flags & 0x20 ? 12 : 10
  return { type: 'bits', bits: flags & 0x40 ? highBits : 8, isConfiguration: true }
}

/**
 * ISO/IEC 14496-15 section 8.3.2.1: the depth of luma is in the low bits of byte 17, the depth of chroma in byte 18.
 */
function parseHevcConfiguration(table: TableCursor): HeifProperty {
  table.skip(17)
  const deeper = Math.max(table.uint8() & 7, table.uint8() & 7)
  return { type: 'bits', bits: 8 + deeper, isConfiguration: true }
}

/** ISO/IEC 23008-12 section 6.5.6: bits of each channel. */
function parsePixi(table: TableCursor): HeifProperty {
  table.fullBox()
  const channels = table.uint8()
  return { type: 'bits', bits: channels > 0 ? table.uint8() : 8, isConfiguration: false }
}

/** ISO/IEC 23008-12 section 6.5.8: a URN and possibly more text, which libheif also accepts. */
function parseAuxiliary(table: TableCursor): HeifProperty {
  table.fullBox()
  const urn = table.text()
  return { type: alphaTypes.some(alphaType => urn.startsWith(alphaType)) ? 'alpha' : 'other' }
}

/** ISO/IEC 14496-12 section 12.1.5: three numbers and the range, or an ICC profile. */
function parseColour(table: TableCursor, { body }: Box): HeifProperty {
  if (table.code() !== 'nclx') return { type: 'other' }
  const [primaries, transfer, matrix] = [table.uint16(), table.uint16(), table.uint16()]
  const cicp = { primaries, transfer, matrix, isFullRange: table.uint8() >= 0x80 }
  return { type: 'nclx', cicp, at: body + 4 }
}
