import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const flip = onPixels<'flip'>(frame => throughSharp(frame, image => image.flip()))
