import { markers } from '../../../permute/jpeg/jpeg-markers.ts'
import { SegmentReader } from '../../../permute/jpeg/segment-reader.ts'
import { NotWellFormed } from '../../../permute/not-well-formed.ts'
import type { Size } from '../../../permute/rectangle.ts'

/** Where the parts of a page's old-style JPEGs are (TIFF 6.0, section 22). */
interface OldJpegParts {
  /** A stream that begins as a JPEG does, with some of the tables and headers; it may end anywhere. */
  readonly head: Buffer | undefined
  /** From each table of quantisation, DC and AC codes on to the end of the file, component by component. */
  readonly tables: readonly (readonly Buffer[])[]
  readonly restartInterval: number
  /** Empty if the page doesn't declare it. */
  readonly subsampling: readonly number[]
  readonly components: number
}

/**
 * A JPEG from its parts: the tables and headers in the head, or else those that tags of the TIFF point at, and the coded
 * data of these strips, from top to bottom, or of one tile. Each strip becomes one restart interval, as libtiff reads it.
 *
 * @throws NotWellFormed when a part is missing
 */
export function assembleOldJpeg(
  parts: OldJpegParts,
  data: readonly Buffer[],
  size: { readonly width: number; readonly height: number; readonly rows?: number | undefined },
): Buffer {
  const found = segmentsIn(parts.head)
  const [first, ...others] = data
  if (!first) throw new NotWellFormed('the JPEG has no coded data')
  // Some programs put the header of the scan before the coded data.
  const own = first[0] === 0xff && first[1] === markers.startOfScan ? 2 + first.readUInt16BE(2) : 0
  const scan = own > 0 ? first.subarray(0, own) : found.get(markers.startOfScan)?.at(-1)
  const tables = parts.tables.map((pointed, kind) => distinct(pointed.map(table => lengthened(table, kind))))
  const frame = found.get(markers.baselineFrame)?.at(-1) ?? frameOf(parts, size, tables)
  const quantisation = found.get(markers.quantisationTables) ?? quantisationSegments(tables)
  if (quantisation.length === 0) throw new NotWellFormed('the JPEG has no quantisation tables')
  const interval = others.length > 0 ? intervalOf(frame, size) : parts.restartInterval
  const bodies = [first.subarray(own), ...others].map(withoutEnd)
  return Buffer.concat([
    marker(markers.startOfImage),
    ...quantisation,
    ...(found.get(markers.huffmanTables) ?? codesSegments(tables)),
    ...(interval > 0 ? [segment(markers.restartInterval, Buffer.of(interval >> 8, interval & 255))] : []),
    ...(interval === 0 ? (found.get(markers.restartInterval) ?? []) : []),
    frame,
    scan ?? scanOf(frame, tables),
    ...bodies.flatMap((body, index) => [
      ...(index > 0 ? [marker(markers.restart0 + ((index - 1) & 7))] : []),
      body,
    ]),
    marker(markers.endOfImage),
  ])
}

/** The segments of a head by their markers, whole, up to the first scan. */
function segmentsIn(head: Buffer | undefined): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>()
  if (!head) return found
  const reader = new SegmentReader(head)
  reader.marker()
  while (reader.position < head.length && !found.has(markers.startOfScan)) {
    const at = reader.position
    const code = reader.marker()
    if (code === markers.endOfImage) break
    reader.segment()
    found.set(code, [...(found.get(code) ?? []), head.subarray(at, reader.position)])
  }
  return found
}

function marker(code: number): Buffer {
  return Buffer.of(0xff, code)
}

function segment(code: number, data: Buffer): Buffer {
  const length = data.length + 2
  return Buffer.concat([Buffer.of(0xff, code, length >> 8, length & 255), data])
}

/** The kinds of tables, in the order of their tags. */
const [ofQuantisation, ofDcCodes, ofAcCodes] = [0, 1, 2]

/**
 * Tags point at 64 steps of 8 bits, in zigzag order, or at the number of codes of each length from 1 to 16, followed by
 * their values.
 */
function lengthened(table: Buffer, kind: number): Buffer {
  if (kind === ofQuantisation) return table.subarray(0, 64)
  return table.subarray(0, 16 + table.subarray(0, 16).reduce((sum, count) => sum + count, 0))
}

interface Tables {
  readonly tables: readonly Buffer[]
  readonly indexes: readonly number[]
}

/** Each different table once, and the index of each component's table among them: decoders have room for two. */
function distinct(all: readonly Buffer[]): Tables {
  const tables: Buffer[] = []
  const indexes = all.map(table => {
    const index = tables.findIndex(other => other.equals(table))
    return index < 0 ? tables.push(table) - 1 : index
  })
  return { tables, indexes }
}

function quantisationSegments(kinds: readonly Tables[]): Buffer[] {
  const tables = kinds[ofQuantisation]?.tables ?? []
  return tables.map((table, index) =>
    segment(markers.quantisationTables, Buffer.concat([Buffer.of(index), table])),
  )
}

function codesSegments(kinds: readonly Tables[]): Buffer[] {
  return [ofDcCodes, ofAcCodes].flatMap(kind => {
    const tables = kinds[kind]?.tables ?? []
    const kindBits = kind === ofAcCodes ? 0x10 : 0
    return tables.map((table, index) =>
      segment(markers.huffmanTables, Buffer.concat([Buffer.of(kindBits | index), table])),
    )
  })
}

/** The table of a component; programs that don't name it use the second for all colours. */
function indexIn(kinds: readonly Tables[], kind: number, component: number): number {
  return kinds[kind]?.indexes[component] ?? Math.min(component, 1)
}

function frameOf(
  { components, subsampling }: OldJpegParts,
  { width, height }: Size,
  tables: readonly Tables[],
): Buffer {
  const [across = 2, down = 2] = components === 3 ? subsampling : [1, 1]
  const specifications = Array.from({ length: components }, (_, index) => [
    ...[index + 1, index === 0 ? (across << 4) | down : 0x11, indexIn(tables, ofQuantisation, index)],
  ])
  const shape = [8, height >> 8, height & 255, width >> 8, width & 255, components]
  return segment(markers.baselineFrame, Buffer.from([...shape, ...specifications.flat()]))
}

/** A scan of all components. */
function scanOf(frame: Buffer, tables: readonly Tables[]): Buffer {
  const components = frame[9] ?? 0
  const specifications = Array.from({ length: components }, (_, index) => [
    frame[10 + 3 * index] ?? 0,
    (indexIn(tables, ofDcCodes, index) << 4) | indexIn(tables, ofAcCodes, index),
  ])
  return segment(markers.startOfScan, Buffer.from([components, ...specifications.flat(), 0, 63, 0]))
}

/** The number of units in a strip. */
function intervalOf(
  frame: Buffer,
  { width, rows = 0 }: { width: number; rows?: number | undefined },
): number {
  const factors = frame[9] === 1 ? 0x11 : (frame[11] ?? 0x11)
  const [across, down] = [8 * (factors >> 4), 8 * (factors & 15)]
  const interval = Math.ceil(width / across) * (rows / down)
  if (!Number.isInteger(interval) || interval < 1 || interval > 0xffff)
    throw new NotWellFormed('the strips of the JPEG do not end at whole units')
  return interval
}

/** The coded data without a restart or end marker after them. */
function withoutEnd(data: Buffer): Buffer {
  const [first = 0, second = 0] = data.subarray(-2)
  const isMarker = first === 0xff && second >= markers.restart0 && second <= markers.endOfImage
  return isMarker && data.length >= 2 ? data.subarray(0, -2) : data
}
