import { asColour, throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const tint = onPixels<'tint'>((frame, { color }) =>
  throughSharp(asColour(frame), image => image.tint(`#${color}`)),
)
