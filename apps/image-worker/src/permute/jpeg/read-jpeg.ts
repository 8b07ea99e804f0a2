import { NotWellFormed } from '../not-well-formed.ts'
import { DecodeTables } from './decode-tables.ts'
import { expectLumaBeforeChroma, type Frame, parseFrame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { markers } from './jpeg-markers.ts'
import type { Plane } from './planes.ts'
import { parseQuantisationTables, type QuantisationTable } from './quantisation-table.ts'
import { parseScan } from './scan.ts'
import { ScanHistory } from './scan-history.ts'
import { ScanReader, type ScanTaker } from './scan-reader.ts'
import { SegmentReader } from './segment-reader.ts'

/** A JPEG whose coefficients are in the kernel's memory. */
export interface Jpeg {
  readonly frame: Frame
  /** Of each component. */
  readonly planes: readonly Plane[]
  /** Of each component. */
  readonly quantisation: readonly QuantisationTable[]
  /** Units and pixels a unit, across and down, as JFIF's header has them. */
  readonly density: Uint8Array
}

export interface Reading {
  /** The colours of the components are known from elsewhere, whatever the file says of them itself. */
  hasKnownColours?: boolean
  /** What becomes of the scans; coefficients in the kernel's memory by default. */
  readScansBy?(kernel: JpegKernel, tables: DecodeTables, input: Uint8Array, frame: Frame): ScanTaker
}

/** @throws NotWellFormed for a file that breaks a rule of T.81, and for kinds that aren't taken here
 */
export function readJpeg(
  kernel: JpegKernel,
  input: Uint8Array,
  { hasKnownColours = false, readScansBy }: Reading = {},
): Jpeg {
  const reader = new SegmentReader(input)
  if (reader.marker() !== markers.startOfImage) throw new NotWellFormed('the file does not start with SOI')
  const application: { jfif?: Buffer; adobe?: Buffer } = {}
  const quantisation = new Map<number, QuantisationTable>()
  const huffman = new DecodeTables(kernel)
  let interval = 0
  let frame: Frame | undefined
  let scans: ScanTaker | undefined
  let history: ScanHistory | undefined
  for (let marker = reader.marker(); marker !== markers.endOfImage; marker = reader.marker()) {
    const data = reader.segment()
    switch (marker) {
      case markers.quantisationTables:
        parseQuantisationTables(data, quantisation)
        break
      case markers.huffmanTables:
        huffman.define(data)
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
        expectLumaBeforeChroma(frame)
        break
      case markers.startOfScan: {
        if (!frame) throw new NotWellFormed('there is a scan before the frame')
        if (!scans && !hasKnownColours) expectLumaAndChroma(frame, application)
        scans ??=
          readScansBy?.(kernel, huffman, input, frame) ?? new ScanReader(kernel, huffman, input, frame)
        history ??= new ScanHistory(frame)
        const scan = parseScan(data, frame)
        history.add(scan, quantisation)
        reader.position = scans.read(scan, reader.position, interval)
        break
      }
      default:
        // As libjpeg takes them: whole ones only, and the last of several (jdmarker.c).
        if (marker === markers.app0 && isCalled('JFIF\0', data, 14)) application.jfif = data
        else if (marker === markers.app14 && isCalled('Adobe', data, 12)) application.adobe = data
        else if ((marker < markers.app0 || marker > markers.app15) && marker !== markers.comment)
          throw new NotWellFormed('there is a segment of an unusual kind')
    }
  }
  if (!frame || !scans || !history) throw new NotWellFormed('there is no image')
  return {
    frame,
    planes: scans.planes,
    quantisation: history.end(),
    density: application.jfif?.subarray(7, 12) ?? Uint8Array.of(0, 0, 1, 0, 1),
  }
}

function isCalled(name: string, data: Buffer, minBytes: number): boolean {
  return data.length >= minBytes && data.toString('latin1', 0, name.length) === name
}

/** What libjpeg takes for YCbCr (jdapimin.c, default_decompress_parms). */
function expectLumaAndChroma(
  { components }: Frame,
  { jfif, adobe }: { jfif?: Buffer; adobe?: Buffer },
): void {
  if (components.length !== 3 || jfif) return
  const transform = adobe?.[11]
  const areNamedRgb = components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB'
  if (transform === undefined ? areNamedRgb : transform === 0)
    throw new NotWellFormed('the components are red, green and blue')
  // Adobe defines 0 and 1; cameras write 3. Any other may be a damaged 0, as the decoder will say.
  if (transform !== undefined && transform !== 1 && transform !== 3)
    throw new NotWellFormed(`there is no transform of colours ${transform}`)
}
