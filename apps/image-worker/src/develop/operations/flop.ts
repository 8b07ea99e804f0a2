import { throughSharp } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

export const flop = onPixels<'flop'>(frame => throughSharp(frame, image => image.flop()))
