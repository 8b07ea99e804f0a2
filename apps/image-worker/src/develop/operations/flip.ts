import { throughSharp } from '../raster/through-sharp.ts'
import { onPlaces } from './operation-kind.ts'

export const flip = onPlaces<'flip'>(frame => throughSharp(frame, image => image.flip()))
