import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, throughSharp } from '../raster.ts'
import { expectFits } from './expect-fits.ts'
import { onPixels } from './operation-kind.ts'

export const resize = onPixels<'resize'>((frame, operation, maxPixels) => {
  const { width, height, fit, enlarge } = operation
  expectFits(largestResult(frame, operation), maxPixels)
  return throughSharp(frame, image =>
    image.resize({
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      fit,
      withoutEnlargement: !enlarge,
      background: frame.channels === 4 ? 'rgba(0, 0, 0, 0)' : '#ffffff',
    }),
  )
})

/** Not less than what comes out, or stands in memory on the way, whatever the fit. */
function largestResult(frame: Raster, { width, height, enlarge }: OperationNamed<'resize'>) {
  const scales = [width && width / frame.width, height && height / frame.height].filter(
    scale => scale !== undefined,
  )
  const scale = enlarge ? Math.max(...scales) : Math.min(Math.max(...scales), 1)
  return {
    width: Math.max(width ?? 0, Math.ceil(frame.width * scale)),
    height: Math.max(height ?? 0, Math.ceil(frame.height * scale)),
  }
}
