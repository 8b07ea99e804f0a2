import { type EncodedScan, encodeScan } from './encode-scan.ts'
import type { Frame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { markers } from './jpeg-markers.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import type { Jpeg } from './read-jpeg.ts'
import type { Scan } from './scan.ts'
import { scansOf } from './scan-script.ts'

/**
 * Writes a JPEG in the order of JFIF 1.02, with Huffman tables made for it:
 *
 *     SOI | APP0 JFIF | DQT … | SOF | DHT … SOS data | … | EOI
 */
export function writeJpeg(kernel: JpegKernel, jpeg: Jpeg): Uint8Array {
  const scans = scansOf(jpeg.frame)
  return writeScans(
    jpeg,
    scans.map(scan => ({ scan, encoded: encodeScan(kernel, scan) })),
  )
}

/** Writes it with scans that are already encoded. */
export function writeScans(
  { frame, quantisation, density }: Pick<Jpeg, 'frame' | 'quantisation' | 'density'>,
  scans: readonly { scan: Scan; encoded: EncodedScan }[],
): Uint8Array {
  const tables = quantisation.filter((table, index) => indexOf(table, quantisation) === index)
  const tableNumbers = quantisation.map(table => indexOf(table, tables))
  return Buffer.concat([
    marker(markers.startOfImage),
    segment(markers.app0, Buffer.from('JFIF\0'), [1, 2], density, [0, 0]),
    ...tables.map((table, index) => segment(markers.quantisationTables, [index], table)),
    frameSegment(frame, tableNumbers),
    ...scans.flatMap(({ scan, encoded }) => scanParts(scan, encoded)),
    marker(markers.endOfImage),
  ])
}

function indexOf(table: QuantisationTable, tables: readonly QuantisationTable[]): number {
  return tables.findIndex(other => Buffer.compare(other, table) === 0)
}

function frameSegment({ width, height, isProgressive, components }: Frame, tables: number[]): Buffer {
  const code = isProgressive ? markers.progressiveFrame : markers.baselineFrame
  const listed = components.flatMap(({ horizontal, vertical }, index) => {
    return [index + 1, horizontal * 16 + vertical, tables[index] ?? 0]
  })
  return segment(code, [8, ...twoBytes(height), ...twoBytes(width), components.length], listed)
}

function scanParts(scan: Scan, { tables, data, interval = 0 }: EncodedScan): Uint8Array[] {
  const { components, spectralStart, spectralEnd, highBit, lowBit } = scan
  const listed = components.flatMap(({ index, dcTable, acTable }) => [index + 1, dcTable * 16 + acTable])
  return [
    ...tables.map(({ id, counts, symbols }) => segment(markers.huffmanTables, [id], counts, symbols)),
    ...(interval > 0 ? [segment(markers.restartInterval, twoBytes(interval))] : []),
    segment(markers.startOfScan, [components.length], listed, [
      spectralStart,
      spectralEnd,
      highBit * 16 + lowBit,
    ]),
    data,
  ]
}

function segment(code: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const data = parts.map(part => Uint8Array.from(part))
  const length = data.reduce((sum, part) => sum + part.length, 2)
  return Buffer.concat([marker(code), Uint8Array.from(twoBytes(length)), ...data])
}

function marker(code: number): Buffer {
  return Buffer.of(0xff, code)
}

function twoBytes(value: number): readonly number[] {
  return [value >> 8, value & 0xff]
}
