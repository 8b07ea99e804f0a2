import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const brightness = onPixels<'brightness'>((frame, { factor }) =>
  throughSharp(frame, image => image.modulate({ brightness: factor })),
)
