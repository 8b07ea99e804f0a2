import { bytesSource, type ImageHeader, readAvifCoding } from '@darkroom/image-header'
import sharp, { type Metadata } from 'sharp'
import { isAnimatable } from '../format-abilities.ts'
import type { DevelopLimits } from '../limits.ts'
import { UnusableImage } from '../unusable-image.ts'

/**
 * Sharp's metadata of an image, and the options to open it: all frames of an animation from `page` on, one page of a
 * document, and failing on any damage.
 *
 * @throws UnusableImage for samples that would be truncated to eight bits, for more channels than pictures have,
 * and for colours that libvips doesn't support
 */
export async function openImage(
  input: Uint8Array,
  { format, frames }: ImageHeader,
  { maxPixels }: DevelopLimits,
  page = 0,
) {
  const isAnimated = frames > 1 && isAnimatable(format) && format !== 'tiff'
  const options = {
    // libvips reads the primary image of an AVIF only if it isn't asked for a page.
    ...(format === 'avif' ? undefined : { page, pages: isAnimated ? -1 : 1 }),
    limitInputPixels: maxPixels,
    // checkSamples describes the limit.
    limitInputChannels: 0,
    failOn: 'warning',
  } as const
  const metadata = await sharp(input, options).metadata()
  if (metadata.delay) metadata.delay = metadata.delay.slice(page)
  checkSamples(metadata)
  // sharp reports little about an AVIF.
  const avif = format === 'avif' ? await readAvifCoding(bytesSource(input)) : undefined
  return { isAnimated, options, metadata, avif }
}

function checkSamples({ channels, depth, space }: Metadata): void {
  // Lab and XYZ have their own samples, and are converted to sRGB.
  if (depth !== 'uchar' && depth !== 'ushort' && !/^(lab|xyz)/.test(space)) {
    const message = `samples that are ${sampleKinds[depth]} are not supported; save the image with unsigned integers of 8 or 16 bits`
    throw new UnusableImage('unsupported-samples', message)
  }
  if (space === 'multiband')
    throw new UnusableImage(
      'unsupported-samples',
      'pixels that are not grey, RGB, CMYK, Lab or XYZ are not supported: save the image as grey or RGB',
    )
  const most = mostChannels[space] ?? 4
  if (channels > most) {
    const message = `${channels} channels are not supported; images of this kind may have at most ${most}`
    throw new UnusableImage('unsupported-samples', message)
  }
}

/** libvips' kinds of samples in words. */
const sampleKinds: Readonly<Record<Metadata['depth'], string>> = {
  uchar: 'unsigned integers of 8 bits',
  char: 'signed integers of 8 bits',
  ushort: 'unsigned integers of 16 bits',
  short: 'signed integers of 16 bits',
  uint: 'unsigned integers of 32 bits',
  int: 'signed integers of 32 bits',
  float: 'floats of 32 bits',
  double: 'floats of 64 bits',
  complex: 'complex numbers of 64 bits',
  dpcomplex: 'complex numbers of 128 bits',
}

/** Including transparency. */
const mostChannels: Readonly<Record<string, number>> = { 'b-w': 2, grey16: 2, cmyk: 5 }
