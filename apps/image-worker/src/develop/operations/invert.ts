import { throughSharp } from '../raster.ts'
import { onColours } from './operation-kind.ts'

export const invert = onColours<'invert'>(frame =>
  throughSharp(frame, image => image.negate({ alpha: false })),
)
