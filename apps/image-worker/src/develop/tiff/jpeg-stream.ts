import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { SegmentReader } from '../../permute/jpeg/segment-reader.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { entryOf, pageTags, type TiffPage } from './tiff-page.ts'

/** A JPEG file, split into its parts for a TIFF (TIFF Technical Note 2, abbreviated streams). */
export interface JpegStream {
  /** Its quantisation tables, as segments. */
  readonly tables: Buffer
  /** The rest, from the frame header to the end. */
  readonly image: Buffer
  readonly width: number
  readonly height: number
  readonly components: number
  /** Luma's sampling factors: the number of luma samples for each chroma sample. */
  readonly horizontal: number
  readonly vertical: number
  readonly isProgressive: boolean
}

const startOfImage = Buffer.of(0xff, markers.startOfImage)
const endOfImage = Buffer.of(0xff, markers.endOfImage)

/** @throws NotWellFormed when no frame header follows the tables */
export function takeStreamApart(jpeg: Uint8Array): JpegStream {
  const reader = new SegmentReader(jpeg)
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.length)
  const tables: Buffer[] = []
  reader.marker()
  for (;;) {
    const start = reader.position
    const marker = reader.marker()
    const data = reader.segment()
    if (marker === markers.quantisationTables) tables.push(bytes.subarray(start, reader.position))
    if (!frames.includes(marker)) continue
    if (data.length < 9) throw new NotWellFormed('the frame header is too short')
    const components = data[5] ?? 0
    const [horizontal, vertical] = components === 1 ? [1, 1] : [(data[7] ?? 0) >> 4, (data[7] ?? 0) & 15]
    const size = { height: data.readUInt16BE(1), width: data.readUInt16BE(3) }
    return {
      ...size,
      tables: Buffer.concat(tables),
      image: bytes.subarray(start),
      components,
      horizontal,
      vertical,
      isProgressive: marker === markers.progressiveFrame,
    }
  }
}

const frames: readonly number[] = [markers.baselineFrame, markers.extendedFrame, markers.progressiveFrame]

/** One stream of a TIFF as a JPEG file. `tables` is the value of JPEGTables, if the page has it. */
function withTables(tables: Uint8Array, stream: Uint8Array): Buffer {
  return Buffer.concat([startOfImage, tables.subarray(2, -2), stream.subarray(2)])
}

/** The value of JPEGTables. */
export function tablesStream({ tables }: JpegStream): Buffer {
  return Buffer.concat([startOfImage, tables, endOfImage])
}

/** A stream for a TIFF whose JPEGTables has the tables of `shared`. */
export function abbreviated({ tables, image }: JpegStream, shared: JpegStream): Buffer {
  return Buffer.concat([startOfImage, ...(tables.equals(shared.tables) ? [] : [tables]), image])
}

/** Each strip or tile as a file. */
export function jpegsOf(tiff: Uint8Array, page: TiffPage): Uint8Array[] {
  const tables = entryOf(page, pageTags.jpegTables)?.value
  return page.segments.map(({ at, bytes }) => {
    const stream = tiff.subarray(at, at + bytes)
    return tables ? withTables(tables, stream) : stream
  })
}
