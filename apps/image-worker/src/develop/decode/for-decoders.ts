import { bytesSource, expectWholeItems, type ImageHeader } from '@darkroom/image-header'
import { expectWholeTiles } from '../avif/expect-whole-tiles.ts'
import { forLibheif } from '../avif/for-libheif.ts'
import { withoutOwnTurns } from '../avif/own-turns.ts'
import { withoutPadding } from '../gif/without-padding.ts'
import { expectFewScans } from '../jpeg/expect-few-scans.ts'
import { withHeight } from '../jpeg/with-height.ts'
import type { DevelopLimits } from '../limits.ts'
import { withEarlyExif } from '../png/early-exif.ts'
import { withFittingPalette } from '../png/with-fitting-palette.ts'
import { forLibvips } from '../tiff/for-libvips/for-libvips.ts'
import { withOwnTransparency } from '../webp/with-own-transparency.ts'
import { withRiffSize } from '../webp/with-riff-size.ts'

/**
 * The image in a form that our decoders read, and its header; the input itself if they already read it. Awaits `reserve`
 * before it takes memory.
 *
 * @throws UnusableImage, MalformedImage or a decoder's error when the image is damaged or not supported
 */
export async function forDecoders(
  input: Uint8Array,
  header: ImageHeader,
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void>,
): Promise<{ source: Uint8Array; header: ImageHeader }> {
  switch (header.format) {
    case 'avif':
    case 'heic':
      await expectWholeItems(bytesSource(input))
      // For HEIC, libheif itself is strict.
      if (header.format === 'avif') await expectWholeTiles(input, header, limits, reserve)
      return withoutOwnTurns(forLibheif(input, header), header)
    case 'gif':
      return { source: withoutPadding(input), header }
    case 'jpeg':
      if (header.progressive) expectFewScans(input)
      return { source: withHeight(input, header.height), header }
    case 'png':
      return { source: withFittingPalette(withEarlyExif(input, header)), header }
    case 'tiff':
      return forLibvips(input, header, reserve)
    case 'webp':
      return { source: withOwnTransparency(withRiffSize(input)), header }
  }
}
