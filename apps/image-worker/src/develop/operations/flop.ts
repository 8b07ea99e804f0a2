import { throughSharp } from '../raster.ts'
import { onPlaces } from './operation-kind.ts'

export const flop = onPlaces<'flop'>(frame => throughSharp(frame, image => image.flop()))
