import { markers } from '../../../permute/jpeg/jpeg-markers.ts'
import { SegmentReader } from '../../../permute/jpeg/segment-reader.ts'
import { NotWellFormed } from '../../../permute/not-well-formed.ts'
import { AddedParts, type NewDirectory, withDirectories } from '../edit-tiff.ts'
import { takeStreamApart } from '../jpeg-stream.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage, tiffPages } from '../tiff-page.ts'
import { longsEntry, shortsEntry } from '../tiff-writer.ts'
import { assembleOldJpeg } from './assemble-old-jpeg.ts'

/**
 * A TIFF whose pages of old-style JPEG (TIFF 6.0, section 22) are pages of JPEG (TIFF Technical Note 2) with the same coded
 * data; the file itself if it has none. Scanners and office programs write old-style JPEG, and libvips doesn't read it.
 * The new JPEGs are at the end of the file. Pages whose JPEG isn't found stay as they are.
 */
export function withNewJpegs(tiff: Uint8Array): Uint8Array {
  const file = Buffer.from(tiff.buffer, tiff.byteOffset, tiff.length)
  const most = mostGrowth * file.length + mostTables
  const added = new AddedParts(tiff)
  const changed: NewDirectory[] = []
  for (const page of tiffPages(tiff)) {
    const isOld = page.compression === compressions.oldJpeg
    const found = isOld ? newJpegsOf(file, page, most - added.end) : undefined
    if (!found) continue
    const offsets = found.jpegs.map(jpeg => added.append(jpeg))
    changed.push({ directory: page.directory, entries: entriesOf(page, found, offsets) })
  }
  return changed.length === 0 ? tiff : withDirectories(tiff, changed, added)
}

/** Pages can share their coded data, and tiles share their tables: without a limit, a small file could become huge. */
const [mostGrowth, mostTables] = [3, 1024 * 1024]

/** TIFF 6.0, section 22. */
const tags = {
  process: 512,
  jpeg: 513,
  jpegLength: 514,
  restartInterval: 515,
  tables: [519, 520, 521],
} as const
const baseline = 1

interface NewJpegs {
  readonly jpegs: readonly Buffer[]
  /** Whether each JPEG is a tile; otherwise the only JPEG is the whole page. */
  readonly areTiles: boolean
  readonly components: number
  readonly isYCbCr: boolean
}

/** Undefined if a part is missing, if they take more than `most` bytes, or if they are coded by another process. */
function newJpegsOf(file: Buffer, page: TiffPage, most: number): NewJpegs | undefined {
  const number = (tag: number) => numbersOfTag(page, tag)[0]
  const isBaseline = (number(tags.process) ?? baseline) === baseline
  if (!isBaseline || (page.isPlanar && page.samplesPerPixel > 1)) return undefined
  const start = number(tags.jpeg)
  const head = start ? file.subarray(start, start + (number(tags.jpegLength) || file.length)) : undefined
  try {
    const whole = wholeJpeg(file, page, head)
    const jpegs = whole ? [whole] : assembledJpegs(file, page, head, most)
    const [jpeg] = jpegs
    if (!jpeg || jpegs.reduce((sum, { length }) => sum + length, 0) > most) return undefined
    const { components, horizontal, vertical } = takeStreamApart(jpeg)
    // Some programs declare RGB although the JPEG has the usual colours of JPEG.
    const isYCbCr = components === 3 && (isJfif(jpeg) || horizontal * vertical > 1)
    return { jpegs, areTiles: page.isTiled && !whole, components, isYCbCr }
  } catch (error) {
    if (error instanceof NotWellFormed || error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The JPEG of a page as one stream up to its end: the head, or the only strip. Undefined if the head has only tables, so
 * that the strips continue it.
 */
function wholeJpeg(file: Buffer, { segments }: TiffPage, head: Buffer | undefined): Buffer | undefined {
  const [first] = segments
  const isContinued = head && first && !isInside(first.at, head)
  const only = segments.length === 1 && first ? file.subarray(first.at, first.at + first.bytes) : undefined
  for (const stream of [isContinued ? undefined : head, only]) {
    const scanAt = stream && isJpeg(stream) ? startOfCodes(stream) : undefined
    const end = stream?.lastIndexOf(Buffer.of(0xff, markers.endOfImage)) ?? -1
    if (stream && scanAt !== undefined && end > scanAt) return stream.subarray(0, end + 2)
  }
  return undefined

  function isInside(at: number, bytes: Buffer): boolean {
    const start = bytes.byteOffset - file.byteOffset
    return at >= start && at < start + bytes.length
  }
}

/** The position after the header of the first scan; undefined if the stream has no scan. */
function startOfCodes(jpeg: Buffer): number | undefined {
  const reader = new SegmentReader(jpeg)
  reader.marker()
  while (reader.position < jpeg.length) {
    const marker = reader.marker()
    if (marker === markers.endOfImage) return undefined
    reader.segment()
    if (marker === markers.startOfScan) return reader.position
  }
  return undefined
}

/** One JPEG for all strips of a page, or one for each tile. */
function assembledJpegs(file: Buffer, page: TiffPage, head: Buffer | undefined, most: number): Buffer[] {
  const { width, height, segments, isTiled, samplesPerPixel } = page
  const number = (tag: number) => numbersOfTag(page, tag)[0]
  // If strips overlapped, they would be copied again and again.
  if (segments.reduce((sum, { bytes }) => sum + bytes, 0) > most) return []
  const data = segments.map(({ at, bytes }) => file.subarray(at, at + bytes))
  const parts = {
    head: head && isJpeg(head) ? head : undefined,
    tables: tags.tables.map(tag =>
      numbersOfTag(page, tag)
        .slice(0, 4)
        .map(at => file.subarray(at)),
    ),
    restartInterval: number(tags.restartInterval) ?? 0,
    subsampling: numbersOfTag(page, pageTags.chromaSubsampling),
    components: samplesPerPixel,
  }
  if (!isTiled) return [assembleOldJpeg(parts, data, { width, height, rows: number(pageTags.rowsPerStrip) })]
  const tile = { width: number(pageTags.tileWidth) ?? 0, height: number(pageTags.tileLength) ?? 0 }
  const jpegs: Buffer[] = []
  let bytes = 0
  for (const coded of data) {
    const jpeg = assembleOldJpeg(parts, [coded], tile)
    bytes += jpeg.length
    if (bytes > most) return []
    jpegs.push(jpeg)
  }
  return jpegs
}

function isJpeg(bytes: Buffer): boolean {
  return bytes[0] === 0xff && bytes[1] === markers.startOfImage
}

function isJfif(jpeg: Buffer): boolean {
  return jpeg[3] === markers.app0 && jpeg.toString('latin1', 6, 10) === 'JFIF'
}

/** Tags about how samples are stored. */
const replaced: readonly number[] = [
  ...[pageTags.bitsPerSample, pageTags.compression, pageTags.photometric, pageTags.fillOrder],
  ...[pageTags.stripOffsets, pageTags.samplesPerPixel, pageTags.rowsPerStrip, pageTags.stripByteCounts],
  ...[pageTags.predictor, pageTags.tileOffsets, pageTags.tileByteCounts, pageTags.jpegTables],
  ...[tags.process, tags.jpeg, tags.jpegLength, tags.restartInterval, 517, 518, ...tags.tables],
]
const ofTiles: readonly number[] = [pageTags.tileWidth, pageTags.tileLength]

function entriesOf(page: TiffPage, found: NewJpegs, offsets: readonly number[]) {
  const { jpegs, areTiles, components, isYCbCr } = found
  const kept = page.directory.entries.filter(
    ({ tag }) => !replaced.includes(tag) && (areTiles || !ofTiles.includes(tag)),
  )
  const { tileOffsets, tileByteCounts, stripOffsets, stripByteCounts, rowsPerStrip } = pageTags
  return [
    ...kept,
    shortsEntry(pageTags.bitsPerSample, ...new Array<number>(components).fill(8)),
    shortsEntry(pageTags.compression, compressions.jpeg),
    shortsEntry(pageTags.photometric, isYCbCr ? photometrics.yCbCr : page.photometric),
    shortsEntry(pageTags.samplesPerPixel, components),
    longsEntry(areTiles ? tileOffsets : stripOffsets, ...offsets),
    longsEntry(areTiles ? tileByteCounts : stripByteCounts, ...jpegs.map(jpeg => jpeg.length)),
    ...(areTiles ? [] : [longsEntry(rowsPerStrip, page.height)]),
  ]
}
