import type { AvifCoding, ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { avifQuality } from './avif/avif-quality.ts'
import { chromaSubsampling } from './jpeg/chroma-subsampling.ts'
import { jpegQuantisation } from './jpeg/jpeg-quality.ts'
import { jpegSettings } from './tiff/jpeg-settings.ts'
import type { TiffPage } from './tiff/tiff-page.ts'
import { webpQuality } from './webp/webp-quality.ts'

/** How an original was encoded, as far as the file shows it. A result in the same format is encoded alike. */
export interface Original {
  format: ImageHeader['format']
  /** The size of the file. */
  bytes: number
  /** The pixels of one frame. */
  pixels: number
  lossless: boolean
  progressive: boolean
  quality: number | undefined
  quantisationTable: 0 | 3
  chromaSubsampling: string | undefined
  /** Whether it is a JPEG of red, green and blue inside a TIFF. */
  isRgb: boolean
  bitsPerSample: number | undefined
}

/** `page` is the page, if the original is a TIFF. */
export function originalOf(
  input: Uint8Array,
  header: ImageHeader,
  { metadata, avif }: { metadata: Metadata; avif: AvifCoding | undefined },
  page?: TiffPage,
): Original {
  const { format, lossless, progressive, width, height } = header
  const inside = page && jpegSettings(input, page)
  const jpeg = !page && format === 'jpeg' ? input : noBytes
  const quantisation = page ? inside?.quantisation : jpegQuantisation(jpeg)
  const subsampling = avif?.subsampling ?? inside?.chromaSubsampling ?? chromaSubsampling(jpeg)
  return {
    format,
    bytes: input.length,
    pixels: width * height,
    lossless: lossless || (avif !== undefined && isLossless(avif)),
    progressive,
    quality: qualityOf(input, header, avif) ?? quantisation?.quality,
    quantisationTable: quantisation?.table ?? 0,
    chromaSubsampling: subsampling ?? metadata.chromaSubsampling,
    isRgb: inside?.isRgb ?? false,
    bitsPerSample: metadata.bitsPerSample,
  }
}

const noBytes = new Uint8Array()

/** Subsampled images were changed before they were coded. */
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
