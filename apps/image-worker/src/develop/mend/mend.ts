import type { ImageHeader } from '@darkroom/image-header'
import { mendJpeg } from './mend-jpeg.ts'
import { mendPng } from './mend-png.ts'
import { mendTiff } from './mend-tiff.ts'
import { withEnd } from './with-end.ts'

/**
 * The file without the oddities that decoders warn about in a JPEG, PNG or TIFF, although no sample depends on them.
 * Undefined if it has none.
 */
export function mend(input: Uint8Array, { format }: Pick<ImageHeader, 'format'>): Uint8Array | undefined {
  if (format === 'png') return mendPng(input)
  if (format === 'tiff') return mendTiff(input)
  if (format !== 'jpeg') return undefined
  const ended = withEnd(input)
  return mendJpeg(ended) ?? (ended === input ? undefined : ended)
}
