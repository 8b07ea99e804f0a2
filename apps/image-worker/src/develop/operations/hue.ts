import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const hue = onPixels<'hue'>((frame, { angle }) =>
  throughSharp(frame, image => image.modulate({ hue: (angle + 360) % 360 })),
)
