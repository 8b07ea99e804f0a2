import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const invert = onPixels<'invert'>(frame =>
  throughSharp(frame, image => image.negate({ alpha: false })),
)
