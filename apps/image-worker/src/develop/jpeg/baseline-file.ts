import type { HuffmanTable } from './huffman-table.ts'

/** A segment in front of the scan: its marker's second byte, and what follows its length. */
export interface Segment {
  readonly marker: number
  readonly data: Uint8Array
}

export const markers = {
  frame: 0xc0,
  huffman: 0xc4,
  restart: 0xd0,
  scan: 0xda,
  end: 0xd9,
  interval: 0xdd,
} as const

/** A JPEG of one scan and no restarts, as our encoder writes them, taken apart (ITU-T T.81, annex B). */
export interface BaselineFile {
  readonly segments: readonly Segment[]
  /** The entropy-coded data, without the marker that ends it. */
  readonly scan: Uint8Array
}

/** @throws TypeError for what our encoder doesn't write */
export function takeApart(jpeg: Uint8Array): BaselineFile {
  const segments: Segment[] = []
  for (let at = 2; jpeg[at] === 0xff; ) {
    const marker = jpeg[at + 1] ?? 0
    const end = at + 2 + (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0)
    segments.push({ marker, data: jpeg.subarray(at + 4, end) })
    at = end
    if (marker === markers.scan) return { segments, scan: jpeg.subarray(at, -2) }
  }
  throw new TypeError('the encoder wrote a JPEG without a scan')
}

/** The file again; `scan` may come from elsewhere. */
export function putTogether(segments: readonly Segment[], scan: readonly Uint8Array[]): Uint8Array {
  const parts = segments.flatMap(({ marker, data }) => {
    const length = data.length + 2
    return [Uint8Array.of(0xff, marker, length >> 8, length & 0xff), data]
  })
  return Buffer.concat([Uint8Array.of(0xff, 0xd8), ...parts, ...scan, Uint8Array.of(0xff, markers.end)])
}

/** Which tables code the blocks of a minimum coded unit, one entry a block; and how many units there are. */
export interface ScanLayout {
  /** Numbers of DC tables, 0 to 3. */
  readonly dc: readonly number[]
  readonly ac: readonly number[]
  readonly unitsAcross: number
  readonly unitsDown: number
}

/** T.81, A.2 and B.2.2: a single component is coded block by block, several in units of their sampling factors. */
export function layoutOf(segments: readonly Segment[]): ScanLayout {
  const frame = viewOf(segments, markers.frame)
  const scan = viewOf(segments, markers.scan)
  const height = frame.getUint16(1)
  const width = frame.getUint16(3)
  const count = frame.getUint8(5)
  const [dc, ac]: [number[], number[]] = [[], []]
  let [across, down] = [1, 1]
  for (let component = 0; component < count; component++) {
    const factors = count === 1 ? 0x11 : frame.getUint8(7 + 3 * component)
    const tables = scan.getUint8(2 + 2 * component)
    across = Math.max(across, factors >> 4)
    down = Math.max(down, factors & 15)
    for (let block = (factors >> 4) * (factors & 15); block > 0; block--) {
      dc.push(tables >> 4)
      ac.push(tables & 15)
    }
  }
  return { dc, ac, unitsAcross: Math.ceil(width / (8 * across)), unitsDown: Math.ceil(height / (8 * down)) }
}

/** The Huffman tables by what the files call them: the class (0 is DC, 1 is AC) times 16, and the number. */
export function huffmanTables(segments: readonly Segment[]): Map<number, HuffmanTable> {
  const tables = new Map<number, HuffmanTable>()
  for (const { marker, data } of segments) {
    if (marker !== markers.huffman) continue
    for (let at = 0; at < data.length; ) {
      const lengths = data.subarray(at + 1, at + 17)
      const end = at + 17 + lengths.reduce((sum, count) => sum + count, 0)
      tables.set(data[at] ?? 0, { lengths, symbols: data.subarray(at + 17, end) })
      at = end
    }
  }
  return tables
}

/** The segments with other Huffman tables. */
export function withTables(
  segments: readonly Segment[],
  tables: ReadonlyMap<number, HuffmanTable>,
): Segment[] {
  const parts = [...tables].flatMap(([id, { lengths, symbols }]) => [Uint8Array.of(id), lengths, symbols])
  const others = segments.filter(({ marker }) => marker !== markers.huffman)
  return others.toSpliced(-1, 0, { marker: markers.huffman, data: Buffer.concat(parts) })
}

/** The segments of a taller image, whose scan starts anew after every so many units. */
export function withRestarts(segments: readonly Segment[], height: number, units: number): Segment[] {
  const taller = segments.map(segment => {
    if (segment.marker !== markers.frame) return segment
    const data = Buffer.from(segment.data)
    data.writeUInt16BE(height, 1)
    return { ...segment, data }
  })
  return taller.toSpliced(-1, 0, { marker: markers.interval, data: Uint8Array.of(units >> 8, units & 0xff) })
}

function viewOf(segments: readonly Segment[], wanted: number): DataView {
  const data = segments.find(({ marker }) => marker === wanted)?.data
  if (!data) throw new TypeError('the encoder wrote no baseline JPEG')
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}
