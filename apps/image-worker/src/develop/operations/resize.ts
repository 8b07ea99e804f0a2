import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, throughSharpOnWhite } from '../raster.ts'
import { onPlaces, type Size } from './operation-kind.ts'

export const resize = onPlaces<'resize'>(apply, sizeAfter)

function apply(frame: Raster, { width, height, fit, enlarge }: OperationNamed<'resize'>): Promise<Raster> {
  return throughSharpOnWhite(frame, (image, background) =>
    image.resize({
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      fit,
      withoutEnlargement: !enlarge,
      background,
    }),
  )
}

/** Of cover, what it is cut from. */
function sizeAfter(size: Size, { width, height, fit, enlarge }: OperationNamed<'resize'>): Size {
  if (fit === 'fill') {
    const stretched = (wanted: number, own: number) => (enlarge ? wanted : Math.min(wanted, own))
    return {
      width: stretched(width ?? size.width, size.width),
      height: stretched(height ?? size.height, size.height),
    }
  }
  const scales = [width && width / size.width, height && height / size.height].filter(
    scale => scale !== undefined,
  )
  const isInside = fit === 'inside' || fit === 'contain'
  const wanted = isInside ? Math.min(...scales) : Math.max(...scales)
  const scale = enlarge ? wanted : Math.min(wanted, 1)
  const padded = fit === 'contain' ? { width: width ?? 0, height: height ?? 0 } : { width: 0, height: 0 }
  return {
    width: Math.max(padded.width, Math.ceil(size.width * scale)),
    height: Math.max(padded.height, Math.ceil(size.height * scale)),
  }
}
