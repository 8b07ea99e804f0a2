import { throughSharp } from '../raster/through-sharp.ts'
import { onPlaces } from './operation-kind.ts'

export const flop = onPlaces<'flop'>(frame => throughSharp(frame, image => image.flop()))
