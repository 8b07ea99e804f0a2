import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, throughSharpOnWhite } from '../raster.ts'
import { expectFits } from './expect-fits.ts'
import { onPixels } from './operation-kind.ts'

export const resize = onPixels<'resize'>((frame, operation, maxPixels) => {
  const { width, height, fit, enlarge } = operation
  expectFits(largestResult(frame, operation), maxPixels)
  return throughSharpOnWhite(frame, (image, background) =>
    image.resize({
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      fit,
      withoutEnlargement: !enlarge,
      background,
    }),
  )
})

/** What comes out; of cover, what it is cut from. */
function largestResult(frame: Raster, { width, height, fit, enlarge }: OperationNamed<'resize'>) {
  if (fit === 'fill') {
    const stretched = (wanted: number, own: number) => (enlarge ? wanted : Math.min(wanted, own))
    return {
      width: stretched(width ?? frame.width, frame.width),
      height: stretched(height ?? frame.height, frame.height),
    }
  }
  const scales = [width && width / frame.width, height && height / frame.height].filter(
    scale => scale !== undefined,
  )
  const isInside = fit === 'inside' || fit === 'contain'
  const wanted = isInside ? Math.min(...scales) : Math.max(...scales)
  const scale = enlarge ? wanted : Math.min(wanted, 1)
  const padded = fit === 'contain' ? { width: width ?? 0, height: height ?? 0 } : { width: 0, height: 0 }
  return {
    width: Math.max(padded.width, Math.ceil(frame.width * scale)),
    height: Math.max(padded.height, Math.ceil(frame.height * scale)),
  }
}
