import { NotWellFormed } from '../not-well-formed.ts'
import { DecodeTables } from './decode-tables.ts'
import { expectLumaBeforeChroma, type Frame, parseFrame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { isNamed, markers } from './jpeg-markers.ts'
import type { Plane } from './planes.ts'
import { parseQuantisationTables, type QuantisationTable } from './quantisation-table.ts'
import { parseScan } from './scan.ts'
import { ScanHistory } from './scan-history.ts'
import { type ScanHandler, type ScannedFile, ScanReader } from './scan-reader.ts'
import { SegmentReader } from './segment-reader.ts'

/** A JPEG whose coefficients are in the kernel's memory. */
export interface Jpeg {
  readonly frame: Frame
  /** One for each component. */
  readonly planes: readonly Plane[]
  /** One for each component. */
  readonly quantisation: readonly QuantisationTable[]
  /** The unit, and pixels per unit across and down, as in JFIF's header. */
  readonly density: Uint8Array
}

export interface Reading {
  /** Whether the components have the colours that the caller expects: the file's own declaration is then ignored. */
  hasKnownColours?: boolean
  /** Throws NotWellFormed for an image that the caller doesn't support, before its scans are read. */
  expectFrame?(frame: Frame): void
}

/**
 * Reads all scans into coefficients in the kernel's memory.
 *
 * @throws NotWellFormed for a file that breaks a rule of T.81, and for unsupported kinds
 */
export function readJpeg(kernel: JpegKernel, input: Uint8Array, reading?: Reading): Jpeg {
  const { handler, ...jpeg } = readJpegWith(kernel, input, file => new ScanReader(file), reading)
  return { ...jpeg, planes: handler.planes }
}

/** Reads the scans by the handler that `makeHandler` makes. @throws NotWellFormed as `readJpeg` does */
export function readJpegWith<Handler extends ScanHandler>(
  kernel: JpegKernel,
  input: Uint8Array,
  makeHandler: (file: ScannedFile) => Handler,
  { hasKnownColours = false, expectFrame }: Reading = {},
): Omit<Jpeg, 'planes'> & { handler: Handler } {
  const reader = new SegmentReader(input)
  if (reader.marker() !== markers.startOfImage) throw new NotWellFormed('the file does not start with SOI')
  const application: { jfif?: Buffer; adobe?: Buffer } = {}
  const quantisation = new Map<number, QuantisationTable>()
  const tables = new DecodeTables(kernel)
  let interval = 0
  let frame: Frame | undefined
  let handler: Handler | undefined
  let history: ScanHistory | undefined
  for (let marker = reader.marker(); marker !== markers.endOfImage; marker = reader.marker()) {
    const data = reader.segment()
    switch (marker) {
      case markers.quantisationTables:
        parseQuantisationTables(data, quantisation)
        break
      case markers.huffmanTables:
        tables.define(data)
        break
      case markers.restartInterval:
        if (data.length !== 2) throw new NotWellFormed('the DRI segment has a wrong length')
        interval = data.readUInt16BE()
        break
      case markers.baselineFrame:
      case markers.extendedFrame:
      case markers.progressiveFrame:
        if (frame) throw new NotWellFormed('the file has two frames')
        frame = parseFrame(data, marker === markers.progressiveFrame)
        expectLumaBeforeChroma(frame)
        expectFrame?.(frame)
        break
      case markers.startOfScan: {
        if (!frame) throw new NotWellFormed('a scan comes before the frame header')
        if (!handler && !hasKnownColours) expectLumaAndChroma(frame, application)
        handler ??= makeHandler({ kernel, input, frame, tables, quantisation })
        history ??= new ScanHistory(frame)
        const scan = parseScan(data, frame)
        history.add(scan, quantisation)
        reader.position = handler.read(scan, reader.position, interval)
        break
      }
      default:
        // As in libjpeg: only complete segments count, and the last of several (jdmarker.c).
        if (marker === markers.app0 && isNamed('JFIF\0', data, 14)) application.jfif = data
        else if (marker === markers.app14 && isNamed('Adobe', data, 12)) application.adobe = data
        else if ((marker < markers.app0 || marker > markers.app15) && marker !== markers.comment)
          throw new NotWellFormed('the file has an unsupported kind of segment')
    }
  }
  if (!frame || !handler || !history) throw new NotWellFormed('the file has no image')
  return {
    frame,
    handler,
    quantisation: history.end(),
    density: application.jfif?.subarray(7, 12) ?? Uint8Array.of(0, 0, 1, 0, 1),
  }
}

/** The components that libjpeg treats as YCbCr (jdapimin.c, default_decompress_parms). */
function expectLumaAndChroma(
  { components }: Frame,
  { jfif, adobe }: { jfif?: Buffer; adobe?: Buffer },
): void {
  if (components.length !== 3 || jfif) return
  const transform = adobe?.[11]
  const areNamedRgb = components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB'
  if (transform === undefined ? areNamedRgb : transform === 0)
    throw new NotWellFormed('the components are red, green and blue')
  // Adobe defines 0 and 1; cameras write 3. Any other number may be a damaged 0, and the decoder warns about it.
  if (transform !== undefined && transform !== 1 && transform !== 3)
    throw new NotWellFormed(`the colour transform ${transform} is unknown`)
}
