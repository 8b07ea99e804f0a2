import type { AvifCoding, ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { avifQuality } from './avif-quality.ts'
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

export function originalOf(
  input: Uint8Array,
  header: ImageHeader,
  { metadata, avif }: { metadata: Metadata; avif: AvifCoding | undefined },
): Original {
  const { format, lossless, progressive } = header
  const quantisation = jpegQuantisation(jpegWithin(input, header))
  return {
    format,
    lossless: lossless || (avif !== undefined && isLossless(avif)),
    progressive,
    bytesPerPixel: input.length / header.pixels,
    quality: qualityOf(input, header, avif) ?? quantisation?.quality,
    quantisationTable: quantisation?.table ?? 0,
    chromaSubsampling: avif?.subsampling ?? metadata.chromaSubsampling,
    bitsPerSample: metadata.bitsPerSample,
  }
}

/** What is subsampled was changed before it was coded. */
function isLossless({ isLossless, subsampling }: AvifCoding): boolean {
  return isLossless && (subsampling === '4:4:4' || subsampling === '4:0:0')
}

function qualityOf(
  input: Uint8Array,
  { format }: ImageHeader,
  avif: AvifCoding | undefined,
): number | undefined {
  if (avif?.quantiser !== undefined) return avifQuality(avif.quantiser)
  return format === 'webp' ? webpQuality(input) : undefined
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
