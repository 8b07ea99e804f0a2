import type { ImageHeader } from '@darkroom/image-header'
import { pngChunks } from './png-chunks.ts'

/**
 * The PNG with its EXIF before the image data, where decoders look for an orientation. The file itself if it needs no
 * turn, or if its EXIF is there already.
 */
export function withEarlyExif(
  png: Uint8Array,
  { orientation }: Pick<ImageHeader, 'orientation'>,
): Uint8Array {
  if (orientation === 1) return png
  let imageAt: number | undefined
  for (const { type, from, to } of pngChunks(png)) {
    if (type === 'IDAT') imageAt ??= from
    if (type !== 'eXIf') continue
    if (imageAt === undefined) return png
    const [before, image, exif, after] = [
      png.subarray(0, imageAt),
      png.subarray(imageAt, from),
      png.subarray(from, to),
      png.subarray(to),
    ]
    return Buffer.concat([before, exif, image, after])
  }
  return png
}
