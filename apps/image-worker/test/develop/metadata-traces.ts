import sharp from 'sharp'
import { comment } from '../permute/gif/gif-assembler.ts'
import { chunk, withChunks } from '../permute/png/png-assembler.ts'

/** Texts by which each kind of metadata is found in a file. */
export const traces = {
  exif: 'EXIF of Ada',
  thumbnail: 'THUMBNAIL of Ada',
  xmp: 'XMP of Ada',
  iptc: 'IPTC of Ada',
  comment: 'COMMENT of Ada',
} as const
export type Trace = keyof typeof traces

/** The texts among these that are in the bytes, uncompressed. */
export function tracesIn(file: Uint8Array): Trace[] {
  const buffer = Buffer.from(file)
  return (Object.keys(traces) as Trace[]).filter(trace => buffer.includes(traces[trace]))
}

/** A picture with metadata of all kinds that its format has, with EXIF orientation 6, also in XMP. */
export async function picturesWithMetadata(): Promise<Record<string, Buffer>> {
  const pixels = Uint8Array.from({ length: 32 * 24 * 3 }, (_, at) => (at * 7) & 255)
  const picture = () => sharp(pixels, { raw: { width: 32, height: 24, channels: 3 } })
  const tagged = () =>
    picture()
      .withXmp(xmp)
      .withExif({ IFD0: { Artist: traces.exif } })
  return {
    jpeg: jpegWithMetadata(await picture().jpeg().toBuffer()),
    png: pngWithMetadata(await picture().png().toBuffer()),
    'palette png': pngWithMetadata(await picture().png({ palette: true }).toBuffer()),
    webp: webpWithMore(await tagged().webp({ lossless: true }).toBuffer()),
    'lossy webp': webpWithMore(await tagged().webp().toBuffer()),
    gif: gifWithMetadata(await picture().gif().toBuffer()),
    tiff: tiffWithMore(await tagged().tiff({ compression: 'lzw' }).toBuffer()),
    avif: await tagged().avif({ effort: 0 }).toBuffer(),
  }
}

const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="${traces.xmp}"/></rdf:RDF></x:xmpmeta>`

/**
 * EXIF as its TIFF bytes (Exif 2.32, 4.6): orientation and artist, and in a second directory a thumbnail, which is
 * not a JPEG, but a text to search for.
 */
export function exifOf(orientation: number): Buffer {
  const artist = Buffer.from(`${traces.exif}\0`, 'latin1')
  const thumbnail = Buffer.from(traces.thumbnail, 'latin1')
  const directoryBytes = 2 + 2 * 12 + 4
  const secondAt = 8 + directoryBytes
  const artistAt = secondAt + directoryBytes
  const first: Entry[] = [
    { tag: 0x0112, type: 3, count: 1, value: orientation },
    { tag: 0x013b, type: 2, count: artist.length, value: artistAt },
  ]
  const second: Entry[] = [
    { tag: 0x0201, type: 4, count: 1, value: artistAt + artist.length },
    { tag: 0x0202, type: 4, count: 1, value: thumbnail.length },
  ]
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1')
  return Buffer.concat([head, directory(first, secondAt), directory(second, 0), artist, thumbnail])
}

interface Entry {
  tag: number
  type: number
  count: number
  value: number
}

function directory(entries: readonly Entry[], next: number): Buffer {
  const bytes = Buffer.alloc(2 + 12 * entries.length + 4)
  bytes.writeUInt16LE(entries.length)
  for (const [index, { tag, type, count, value }] of entries.entries()) {
    const at = 2 + 12 * index
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(type, at + 2)
    bytes.writeUInt32LE(count, at + 4)
    bytes.writeUInt32LE(value, at + 8)
  }
  bytes.writeUInt32LE(next, bytes.length - 4)
  return bytes
}

/** A JPEG segment after SOI; its data begin with `name`. */
export function jpegWith(jpeg: Buffer, segments: readonly { marker: number; data: Uint8Array }[]): Buffer {
  const written = segments.map(({ marker, data }) => {
    const head = Buffer.of(0xff, marker, 0, 0)
    head.writeUInt16BE(data.length + 2, 2)
    return Buffer.concat([head, data])
  })
  return Buffer.concat([jpeg.subarray(0, 2), ...written, jpeg.subarray(2)])
}

function jpegWithMetadata(jpeg: Buffer): Buffer {
  const text = (latin1: string) => Buffer.from(latin1, 'latin1')
  return jpegWith(jpeg, [
    { marker: 0xe1, data: Buffer.concat([text('Exif\0\0'), exifOf(6)]) },
    { marker: 0xe1, data: text(`http://ns.adobe.com/xap/1.0/\0${xmp}`) },
    { marker: 0xed, data: photoshopIptc() },
    { marker: 0xfe, data: text(traces.comment) },
    { marker: 0xe5, data: text(traces.comment) },
  ])
}

/** A caption (IPTC IIM 2:120) in a Photoshop image resource 0x0404. */
function photoshopIptc(): Buffer {
  const caption = Buffer.from(traces.iptc, 'latin1')
  const dataset = Buffer.concat([Buffer.of(0x1c, 2, 120, 0, caption.length), caption])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(dataset.length)
  const name = Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0', 'latin1')
  return Buffer.concat([name, size, dataset, Buffer.alloc(dataset.length % 2)])
}

function pngWithMetadata(png: Buffer): Buffer {
  const text = (latin1: string) => Buffer.from(latin1, 'latin1')
  const chunks = [
    chunk('eXIf', exifOf(6)),
    chunk('tEXt', text(`Comment\0${traces.comment}`)),
    chunk('iTXt', text(`XML:com.adobe.xmp\0\0\0\0\0${xmp}`)),
    chunk('tIME', Buffer.of(7, 234, 11, 21, 5, 30, 0)),
  ]
  return withChunks(png, ...chunks)
}

/** XMP is stored without sub-blocks, before a trailer that ends it for readers of sub-blocks (XMP part 3, 1.1.2.3). */
function gifWithMetadata(gif: Buffer): Buffer {
  const wayOut = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0])
  const packet = Buffer.from(`\x21\xff\x0bXMP DataXMP${xmp}`, 'latin1')
  return Buffer.concat([gif.subarray(0, -1), comment(traces.comment), packet, wayOut, Buffer.of(0x3b)])
}

/** An unknown chunk at the end (RFC 9649, 2.7.1.6). */
function webpWithMore(webp: Buffer): Buffer {
  const data = Buffer.from(`NOTE\0\0\0\0${traces.comment}`.padEnd(24, '\0'), 'latin1')
  data.writeUInt32LE(data.length - 8, 4)
  const longer = Buffer.concat([webp, data])
  longer.writeUInt32LE(longer.length - 8, 4)
  return longer
}

/** Bytes that no directory points to; TIFF allows them anywhere. */
function tiffWithMore(tiff: Buffer): Buffer {
  return Buffer.concat([tiff, Buffer.from(`${traces.comment}\0`, 'latin1')])
}
