import type { ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { jpegQuality } from './jpeg-quality.ts'
import { webpQuality } from './webp-quality.ts'

/** How an original was encoded, as far as it can be seen: a result in the same format follows it. */
export interface Original {
  format: ImageHeader['format']
  lossless: boolean
  progressive: boolean
  quality: number | undefined
  chromaSubsampling: string | undefined
  bitsPerSample: number | undefined
}

export function originalOf(input: Uint8Array, header: ImageHeader, metadata: Metadata): Original {
  const { format, lossless, progressive } = header
  return {
    format,
    lossless,
    progressive,
    quality: format === 'jpeg' ? jpegQuality(input) : format === 'webp' ? webpQuality(input) : undefined,
    chromaSubsampling: metadata.chromaSubsampling,
    bitsPerSample: metadata.bitsPerSample,
  }
}
