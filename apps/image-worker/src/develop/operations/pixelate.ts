import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, samplesOf } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

/** Each square gets its mean, to which pixels count as far as they are opaque. In place. */
export const pixelate = onPixels<'pixelate'>((frame, { size }: OperationNamed<'pixelate'>) => {
  const samples = samplesOf(frame)
  for (let top = 0; top < frame.height; top += size) {
    for (let left = 0; left < frame.width; left += size) fillWithMean(samples, frame, { left, top, size })
  }
  return { ...frame, data: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength) }
})

function fillWithMean(
  samples: ReturnType<typeof samplesOf>,
  { width, height, channels }: Raster,
  { left, top, size }: { left: number; top: number; size: number },
): void {
  const [right, bottom] = [Math.min(left + size, width), Math.min(top + size, height)]
  const colours = Math.min(channels, 3)
  const sums = [0, 0, 0]
  let weights = 0
  for (let y = top; y < bottom; y++) {
    for (let at = (y * width + left) * channels; at < (y * width + right) * channels; at += channels) {
      const weight = channels === 4 ? (samples[at + 3] as number) : 1
      weights += weight
      for (let channel = 0; channel < colours; channel++)
        sums[channel] = (sums[channel] as number) + weight * (samples[at + channel] as number)
    }
  }
  const mean = sums.slice(0, colours).map(sum => (weights > 0 ? Math.round(sum / weights) : 0))
  if (channels === 4) mean.push(Math.round(weights / ((right - left) * (bottom - top))))
  for (let y = top; y < bottom; y++) {
    for (let at = (y * width + left) * channels; at < (y * width + right) * channels; at += channels)
      for (let channel = 0; channel < channels; channel++) samples[at + channel] = mean[channel] as number
  }
}
