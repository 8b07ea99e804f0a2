import { NotWellFormed } from '../not-well-formed.ts'
import { Coefficients, type Steps } from './coefficients.ts'
import { type Frame, parseFrame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { markers } from './jpeg-markers.ts'
import { parseScan, ScanHistory } from './scan.ts'
import { SegmentReader } from './segment-reader.ts'

/** A JPEG with its coefficients at hand. */
export interface Jpeg {
  readonly frame: Frame
  /** Of each component. */
  readonly steps: readonly Steps[]
  readonly coefficients: Coefficients
  /** Units and pixels a unit, as JFIF's header has them. */
  readonly density: Uint8Array
}

/** More scans than any encoder makes are there to keep a decoder busy. */
const maxScans = 100

/** @throws NotWellFormed for a file that breaks a rule of T.81, and for kinds that aren't taken here */
export function readJpeg(input: Uint8Array, kernel: JpegKernel): Jpeg {
  const reader = new SegmentReader(input)
  if (reader.marker() !== markers.startOfImage) throw new NotWellFormed('the file does not start with SOI')
  const application: { jfif?: Buffer; adobe?: Buffer } = {}
  const quantisation = new Map<number, Steps>()
  const huffman: Buffer[] = []
  let interval = 0
  let frame: Frame | undefined
  let coefficients: Coefficients | undefined
  let history: ScanHistory | undefined
  for (let marker = reader.marker(); marker !== markers.endOfImage; marker = reader.marker()) {
    const data = reader.segment()
    switch (marker) {
      case markers.quantisationTables:
        readSteps(data, quantisation)
        break
      case markers.huffmanTables:
        huffman.push(data)
        break
      case markers.restartInterval:
        if (data.length !== 2) throw new NotWellFormed('the restart interval has another length')
        interval = data.readUInt16BE()
        break
      case markers.baselineFrame:
      case markers.extendedFrame:
      case markers.progressiveFrame:
        if (frame) throw new NotWellFormed('there are two frames')
        frame = parseFrame(data, marker === markers.progressiveFrame)
        expectLumaAndChroma(frame, application)
        break
      case markers.startOfScan: {
        if (!frame) throw new NotWellFormed('there is a scan before the frame')
        coefficients ??= new Coefficients(input, frame, kernel)
        history ??= new ScanHistory(frame, maxScans)
        for (const tables of huffman.splice(0)) coefficients.defineHuffmanTables(tables)
        const scan = parseScan(data, frame)
        history.add(scan, quantisation)
        reader.position = coefficients.readScan(scan, reader.position, interval)
        break
      }
      default:
        if (marker === markers.app0 && data.toString('latin1', 0, 5) === 'JFIF\0') application.jfif ??= data
        else if (marker === markers.app14 && data.toString('latin1', 0, 5) === 'Adobe')
          application.adobe ??= data
        else if ((marker < markers.app0 || marker > markers.app15) && marker !== markers.comment)
          throw new NotWellFormed('there is a segment of an unusual kind')
    }
  }
  if (!frame || !coefficients || !history) throw new NotWellFormed('there is no image')
  const density = application.jfif?.subarray(7, 12)
  return {
    frame,
    coefficients,
    steps: history.end(),
    density: density?.length === 5 ? density : Uint8Array.of(0, 0, 1, 0, 1),
  }
}

/** T.81, B.2.4.1. */
function readSteps(data: Buffer, tables: Map<number, Steps>): void {
  for (let at = 0; at < data.length; at += 65) {
    const kind = data.readUInt8(at)
    const steps = data.subarray(at + 1, at + 65)
    if (kind > 3 || steps.length < 64)
      throw new NotWellFormed('a quantisation table has not 64 steps of a byte')
    if (steps.includes(0)) throw new NotWellFormed('a step of quantisation is zero')
    tables.set(kind, steps)
  }
}

/** What libjpeg takes for YCbCr (jdapimin.c, default_decompress_parms). */
function expectLumaAndChroma(
  { components }: Frame,
  { jfif, adobe }: { jfif?: Buffer; adobe?: Buffer },
): void {
  const transform = adobe?.[11]
  const areNamedRgb = components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB'
  const isRgb = !jfif && (transform === undefined ? areNamedRgb : transform === 0)
  if (components.length === 3 && isRgb) throw new NotWellFormed('the components are red, green and blue')
}
