import type { ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { jpegQuantisation } from './jpeg-quality.ts'
import { webpQuality } from './webp-quality.ts'

/** How an original was encoded, as far as it can be seen: a result in the same format follows it. */
export interface Original {
  format: ImageHeader['format']
  lossless: boolean
  progressive: boolean
  bytesPerPixel: number
  quality: number | undefined
  quantisationTable: 0 | 3
  chromaSubsampling: string | undefined
  bitsPerSample: number | undefined
}

export function originalOf(input: Uint8Array, header: ImageHeader, metadata: Metadata): Original {
  const { format, lossless, progressive } = header
  const quantisation = jpegQuantisation(jpegWithin(input, header))
  return {
    format,
    lossless,
    progressive,
    bytesPerPixel: input.length / header.pixels,
    quality: format === 'webp' ? webpQuality(input) : quantisation?.quality,
    quantisationTable: quantisation?.table ?? 0,
    chromaSubsampling: metadata.chromaSubsampling,
    bitsPerSample: metadata.bitsPerSample,
  }
}

/** A TIFF's tables stand in a JPEG stream of their own (TIFF Technical Note 2, JPEGTables). */
function jpegWithin(input: Uint8Array, { format, lossless }: ImageHeader): Uint8Array {
  if (format === 'jpeg') return input
  if (format !== 'tiff' || lossless) return new Uint8Array()
  const at = Buffer.from(input.buffer, input.byteOffset, input.byteLength).indexOf(startOfTables)
  return at === -1 ? new Uint8Array() : input.subarray(at)
}

/** SOI and the DQT that comes first. */
const startOfTables = Buffer.of(0xff, 0xd8, 0xff, 0xdb)
