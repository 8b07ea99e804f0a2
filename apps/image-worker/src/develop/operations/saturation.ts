import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const saturation = onPixels<'saturation'>((frame, { factor }) =>
  throughSharp(frame, image => image.modulate({ saturation: factor })),
)
