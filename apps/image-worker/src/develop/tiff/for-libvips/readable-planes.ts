import { UnusableImage } from '../../unusable-image.ts'
import { photometrics, type TiffPage } from '../tiff-page.ts'

/** The colours of which libvips reads separate planes. It reads planes of other colours as if they were interleaved. */
const colourPlanes: readonly number[] = [photometrics.rgb, photometrics.separated]

/** Whether libvips reads the planes of a page as they are. */
export function hasReadablePlanes({ isPlanar, isTiled, samplesPerPixel, photometric }: TiffPage): boolean {
  return !isPlanar || samplesPerPixel === 1 || (!isTiled && colourPlanes.includes(photometric))
}

/**
 * Checks that libvips reads the planes of a page as they are, after `withPlainSamples` has rewritten the pages that it can
 * unpack.
 *
 * @throws UnusableImage
 */
export function expectReadablePlanes({
  isPlanar,
  samplesPerPixel,
  photometric,
  compression,
}: TiffPage): void {
  if (!isPlanar || samplesPerPixel === 1 || colourPlanes.includes(photometric)) return
  const words = `separate planes of other samples than RGB and CMYK are not supported in a TIFF of this compression (${compression}): save the TIFF with interleaved samples`
  throw new UnusableImage('unsupported-samples', words)
}
