import { permuteSamples } from '../../permute/permute-samples.ts'
import { samplesOf, withSamples } from '../raster/raster.ts'
import { onPixels } from './operation-kind.ts'

/** Swaps in place, which is exact and the fastest way. Grey has no channels to swap. */
export const swapChannels = onPixels<'swap-channels'>((frame, { order }) => {
  if (frame.isGrey || frame.channels === 1) return frame
  const samples = samplesOf(frame)
  permuteSamples(samples, frame.channels, order)
  return withSamples(frame, samples)
})
