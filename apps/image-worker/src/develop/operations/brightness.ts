import { throughSharp } from '../raster.ts'
import { onColours } from './operation-kind.ts'

export const brightness = onColours<'brightness'>((frame, { factor }) =>
  throughSharp(frame, image => image.modulate({ brightness: factor })),
)
