import type { OperationNamed } from '@darkroom/contracts'
import type { Size } from '../../permute/rectangle.ts'
import { throughSharpOnWhite } from '../raster/through-sharp.ts'
import { onPlaces } from './operation-kind.ts'

export const rotate = onPlaces<'rotate'>(
  (frame, { angle }) =>
    throughSharpOnWhite(frame, (image, background) => image.rotate(angle, { background })),
  sizeAfter,
  ({ angle }) => Math.abs(angle % 180) === 90,
)

/** The box around the turned image. */
function sizeAfter({ width, height }: Size, { angle }: OperationNamed<'rotate'>): Size {
  const radians = (angle * Math.PI) / 180
  const [sine, cosine] = [Math.abs(Math.sin(radians)), Math.abs(Math.cos(radians))]
  return {
    width: Math.floor(width * cosine + height * sine),
    height: Math.floor(width * sine + height * cosine),
  }
}
