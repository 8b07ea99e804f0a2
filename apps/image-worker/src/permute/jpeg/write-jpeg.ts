import { type EncodedScan, encodeScan } from './encode-scan.ts'
import type { Frame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { markers } from './jpeg-markers.ts'
import type { Jpeg } from './read-jpeg.ts'
import type { Scan } from './scan.ts'
import { scansOf } from './scan-script.ts'
import type { Steps } from './steps.ts'

type Bytes = Uint8Array | readonly number[]

/** Writes a JPEG as JFIF 1.02 has it, with Huffman tables made for it. */
export function writeJpeg(kernel: JpegKernel, { frame, steps, density }: Jpeg): Uint8Array {
  const tables = steps.filter((table, index) => indexOf(table, steps) === index)
  return joined([
    marker(markers.startOfImage),
    ...segment(markers.app0, Buffer.from('JFIF\0'), [1, 2], density, [0, 0]),
    ...tables.flatMap((table, index) => segment(markers.quantisationTables, [index], table)),
    ...frameSegment(
      frame,
      steps.map(table => indexOf(table, tables)),
    ),
    ...scansOf(frame).flatMap(scan => scanParts(scan, encodeScan(kernel, scan))),
    marker(markers.endOfImage),
  ])
}

function indexOf(table: Steps, tables: readonly Steps[]): number {
  return tables.findIndex(other => Buffer.compare(other, table) === 0)
}

function frameSegment({ width, height, isProgressive, components }: Frame, tables: number[]): Bytes[] {
  const code = isProgressive ? markers.progressiveFrame : markers.baselineFrame
  const listed = components.flatMap(({ across, down }, index) => {
    return [index + 1, across * 16 + down, tables[index] ?? 0]
  })
  return segment(code, [8, ...twoBytes(height), ...twoBytes(width), components.length], listed)
}

function scanParts({ components, first, last, high, low }: Scan, { tables, data }: EncodedScan): Bytes[] {
  const listed = components.flatMap(({ index, dcTable, acTable }) => [index + 1, dcTable * 16 + acTable])
  return [
    ...tables.flatMap(({ id, lengths, symbols }) => segment(markers.huffmanTables, [id], lengths, symbols)),
    ...segment(markers.startOfScan, [components.length], listed, [first, last, high * 16 + low]),
    data,
  ]
}

function segment(code: number, ...parts: readonly Bytes[]): Bytes[] {
  const length = parts.reduce((sum, part) => sum + part.length, 2)
  return [marker(code), twoBytes(length), ...parts]
}

function marker(code: number): Bytes {
  return [0xff, code]
}

function twoBytes(value: number): readonly number[] {
  return [value >> 8, value & 0xff]
}

function joined(parts: readonly Bytes[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
