import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const blur = onPixels<'blur'>((frame, { sigma }) => throughSharp(frame, image => image.blur(sigma)))
