import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { encodeSegment, type Segment, segmentsOf } from './segments.ts'

type HeadSegment = Pick<Segment, 'marker' | 'data'>

/** A JPEG with one scan and no restarts, as our encoder writes it, split into its parts (ITU-T T.81, annex B). */
export interface BaselineFile {
  readonly segments: readonly HeadSegment[]
  /** The entropy-coded data, without the marker that ends it. */
  readonly scan: Uint8Array
}

/** @throws TypeError for a file that our encoder doesn't write */
export function takeApart(jpeg: Uint8Array): BaselineFile {
  const segments = [...segmentsOf(jpeg)]
  const last = segments.at(-1)
  if (last?.marker === markers.startOfScan) return { segments, scan: jpeg.subarray(last.end, -2) }
  throw new TypeError('the encoder wrote a JPEG without a scan')
}

/** Joins the parts of a file again; `scan` may come from other files. */
export function putTogether(segments: readonly HeadSegment[], scan: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0xff, 0xd8),
    ...segments.map(({ marker, data }) => encodeSegment(marker, data)),
    ...scan,
    Uint8Array.of(0xff, markers.endOfImage),
  ])
}

/**
 * The number of minimum coded units of an image (T.81, A.2 and B.2.2): a single component is coded block by block,
 * several components in units of their sampling factors.
 */
export function unitsOf(segments: readonly HeadSegment[]): number {
  const frame = viewOf(segments, markers.baselineFrame)
  const count = frame.getUint8(5)
  let [across, down] = [1, 1]
  for (let component = 0; component < count; component++) {
    const factors = count === 1 ? 0x11 : frame.getUint8(7 + 3 * component)
    across = Math.max(across, factors >> 4)
    down = Math.max(down, factors & 15)
  }
  return Math.ceil(frame.getUint16(3) / (8 * across)) * Math.ceil(frame.getUint16(1) / (8 * down))
}

/** The segments of a taller image, whose scan restarts after this many units. */
export function withRestarts(segments: readonly HeadSegment[], height: number, units: number): HeadSegment[] {
  const taller = segments.map(segment => {
    if (segment.marker !== markers.baselineFrame) return segment
    const data = Buffer.from(segment.data)
    data.writeUInt16BE(height, 1)
    return { ...segment, data }
  })
  return taller.toSpliced(-1, 0, {
    marker: markers.restartInterval,
    data: Uint8Array.of(units >> 8, units & 0xff),
  })
}

function viewOf(segments: readonly HeadSegment[], wanted: number): DataView {
  const data = segments.find(({ marker }) => marker === wanted)?.data
  if (!data) throw new TypeError('the encoder did not write a baseline JPEG')
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}
