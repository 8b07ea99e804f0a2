import { throughSharp } from '../raster.ts'
import { onColours } from './operation-kind.ts'

export const hue = onColours<'hue'>((frame, { angle }) =>
  throughSharp(frame, image => image.modulate({ hue: (angle + 360) % 360 })),
)
