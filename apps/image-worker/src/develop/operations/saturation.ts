import { throughSharp } from '../raster.ts'
import { onColours } from './operation-kind.ts'

export const saturation = onColours<'saturation'>((frame, { factor }) =>
  throughSharp(frame, image => image.modulate({ saturation: factor })),
)
