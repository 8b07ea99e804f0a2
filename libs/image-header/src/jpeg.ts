import type { HeaderReader } from './header-reader.ts'
import type { ImageFacts } from './image-facts.ts'
import { MalformedImage } from './malformed-image.ts'
import { exifPrefix, readExifOrientation } from './tiff/exif.ts'

/** The limit for segments before the first scan. A large profile and metadata take a few hundred. */
const maxSegments = 10_000

/**
 * ITU-T T.81 annex B: segments up to the first scan. Skips all segments without reading them, except the few that matter.
 *
 *     FFD8 | FFE1 length Exif… | FFDB length … | FFC0 length precision height width components | … | FFDA …
 *      SOI         APP1               DQT                          SOF                                SOS
 */
export async function readJpeg(reader: HeaderReader): Promise<ImageFacts> {
  let frame: Frame | undefined
  let orientation: number | undefined
  let offset = 2
  for (let segment = 0; segment < maxSegments; segment++) {
    const found = await findMarker(reader, offset)
    if (!found) throw new MalformedImage('the JPEG ends before its first scan')
    const { code, after } = found
    offset = after
    if (isStandalone(code)) continue
    if (code === marker.startOfImage || code === marker.endOfImage)
      throw new MalformedImage('the JPEG ends or starts again before its first scan')
    const length = (await reader.view(offset, 2)).getUint16(0)
    if (length < 2 && !isSkippable(code)) throw new MalformedImage('a JPEG segment has a length below 2')
    if (code === marker.jpegLsFrame)
      throw new MalformedImage('the JPEG is coded as JPEG-LS, which is not supported')
    if (isFrame(code)) {
      if (frame) throw new MalformedImage('the JPEG has two frame headers')
      frame = await readFrame(reader, offset, code)
    } else if (code === marker.app1 && orientation === undefined) {
      orientation = await readExif(reader, offset + 2, offset + length)
    } else if (code === marker.startOfScan) {
      if (!frame) throw new MalformedImage('the JPEG has a scan before any frame header')
      const scanned = (await reader.view(offset + 2, 1)).getUint8(0)
      // A frame with a scan for each component isn't complete after its first scan, like a progressive frame.
      const progressive = frame.isProgressive || scanned < frame.channels
      const { width, channels, bitsPerSample } = frame
      const height = frame.height || (await readLines(reader, offset + length))
      const shape = { width, height, frames: 1, channels, bitsPerSample }
      return { ...shape, orientation: orientation ?? 1, progressive, lossless: false }
    }
    offset += Math.max(length, 2)
  }
  throw new MalformedImage(`the JPEG has more than ${maxSegments} segments before its first scan`)
}

const marker = {
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  numberOfLines: 0xdc,
  app1: 0xe1,
  jpegLsFrame: 0xf7,
} as const

/** T.81 table B.1: RST0..7 and TEM have no length. */
function isStandalone(code: number): boolean {
  return (code >= 0xd0 && code <= 0xd7) || code === 0x01
}

/** APP0..15 and COM. Like libjpeg, treats them as empty if their length is too small to count itself. */
function isSkippable(code: number): boolean {
  return (code >= 0xe0 && code <= 0xef) || code === 0xfe
}

/** T.81 table B.1: SOF0..15, except DHT (C4), JPG (C8) and DAC (CC). */
function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc
}

/**
 * T.81 B.1.1.2: FF, any more FFs as fill, a code. Skips stray bytes before it, as libjpeg does, and coded data. Undefined
 * at the end of the file.
 */
async function findMarker(
  reader: HeaderReader,
  from: number,
): Promise<{ code: number; after: number } | undefined> {
  let offset = from
  let previousIsFill = false
  for (;;) {
    const view = await reader.rest(offset)
    if (!view) return undefined
    for (let at = 0; at < view.byteLength; at++) {
      const byte = view.getUint8(at)
      if (previousIsFill && byte !== 0xff && byte !== 0x00) return { code: byte, after: offset + at + 1 }
      previousIsFill = byte === 0xff
    }
    offset += view.byteLength
  }
}

interface Frame extends Pick<ImageFacts, 'width' | 'height' | 'channels' | 'bitsPerSample'> {
  isProgressive: boolean
}

/**
 * T.81 B.2.2: length, precision, lines, samples a line, components. Accepts only frames that decoders support: grey, colour
 * or CMYK, with 8 bits. If there are 0 lines, their number follows the first scan.
 */
async function readFrame(reader: HeaderReader, offset: number, code: number): Promise<Frame> {
  const view = await reader.view(offset, 8)
  const [bits, height, channels] = [view.getUint8(2), view.getUint16(3), view.getUint8(7)]
  if (channels < 1 || view.getUint16(0) < 8 + 3 * channels)
    throw new MalformedImage('the JPEG frame header is too short for its components')
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new MalformedImage(`the JPEG has ${channels} components; only 1, 3 and 4 are supported`)
  if (bits !== 8)
    throw new MalformedImage(
      `the JPEG has ${bits} bits a sample; only 8 are supported: save it with 8 bits a sample`,
    )
  return {
    width: view.getUint16(5),
    height,
    channels,
    bitsPerSample: 8,
    isProgressive: (code & 0x03) === 2,
  }
}

/** T.81 B.2.5: the first scan may be followed by DNL, its length, and the number of lines. */
async function readLines(reader: HeaderReader, scanData: number): Promise<number> {
  let found = await findMarker(reader, scanData)
  while (found && isStandalone(found.code)) found = await findMarker(reader, found.after)
  const lines = found?.code === marker.numberOfLines ? (await reader.view(found.after, 4)).getUint16(2) : 0
  if (lines === 0) throw new MalformedImage('the JPEG declares no height, or a height of 0')
  return lines
}

/** The first APP1 with EXIF counts; undefined when this APP1 contains something else (XMP). */
async function readExif(reader: HeaderReader, start: number, end: number): Promise<number | undefined> {
  if (start + exifPrefix.length > Math.min(end, reader.size)) return undefined
  if ((await reader.text(start, exifPrefix.length)) !== exifPrefix) return undefined
  return readExifOrientation(reader, start + exifPrefix.length, end)
}
