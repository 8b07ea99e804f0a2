import type { ByteSource } from './byte-source.ts'
import { readGif } from './gif.ts'
import { HeaderReader } from './header-reader.ts'
import { readHeif } from './heif/heif.ts'
import type { ImageFacts, ImageHeader } from './image-facts.ts'
import { contentTypeOf, type SniffedFormat } from './image-format.ts'
import { readJpeg } from './jpeg.ts'
import { MalformedImage } from './malformed-image.ts'
import { readPng } from './png.ts'
import { sniffedBytes, sniffFormat } from './sniff-format.ts'
import { readTiff } from './tiff/tiff.ts'
import { readWebp } from './webp/webp.ts'

const parsers: Record<SniffedFormat, (reader: HeaderReader) => Promise<ImageFacts>> = {
  jpeg: readJpeg,
  png: readPng,
  webp: readWebp,
  gif: readGif,
  tiff: readTiff,
  avif: readHeif,
  heic: readHeif,
  heif: readHeif,
}

/**
 * Reads the header of an image file, without unpacking a pixel. Any bytes give a header or a MalformedImage, in memory
 * that doesn't grow with the file. Errors of the source are passed on.
 */
export async function readImageHeader(source: ByteSource): Promise<ImageHeader> {
  const reader = new HeaderReader(source)
  const head = await reader.view(0, Math.min(sniffedBytes, source.size))
  const format = sniffFormat(new Uint8Array(head.buffer, head.byteOffset, head.byteLength))
  if (!format) throw new MalformedImage('the file type is not supported')
  return completeHeader(format, await parsers[format](reader))
}

function completeHeader(sniffed: SniffedFormat, facts: ImageFacts): ImageHeader {
  const format = facts.format ?? sniffed
  if (format === 'heif') throw new Error('the coding of a HEIF was not read')
  const { width, height, frames, channels, bitsPerSample } = facts
  if (width < 1 || height < 1)
    throw new MalformedImage(`the ${format.toUpperCase()} has an invalid size of ${width} x ${height} pixels`)
  const pixels = facts.pixels ?? width * height * frames
  const unpackedBytes = facts.unpackedBytes ?? (pixels * channels * bitsPerSample) / 8
  return { contentType: contentTypeOf(format), ...facts, format, pixels, unpackedBytes }
}
