import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const sharpen = onPixels<'sharpen'>((frame, { sigma }) =>
  throughSharp(frame, image => image.sharpen({ sigma })),
)
