import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, samplesOf } from '../raster.ts'
import { onPixels } from './operation-kind.ts'

/** Replaces each square by its mean, in which pixels count by their opacity. In place. */
export const pixelate = onPixels<'pixelate'>((frame, { size }: OperationNamed<'pixelate'>) => {
  const { width, height, channels } = frame
  const samples = samplesOf(frame)
  const row = width * channels
  for (let top = 0; top < height; top += size) {
    const rows = Math.min(size, height - top)
    for (let left = 0; left < width; left += size) {
      const columns = Math.min(size, width - left)
      const mean = meanOf(samples, frame, { left, top, width: columns, height: rows })
      const start = top * row + left * channels
      for (let at = 0; at < columns * channels; at++) samples[start + at] = mean[at % channels] as number
    }
    for (let y = 1; y < rows; y++) samples.copyWithin((top + y) * row, top * row, (top + 1) * row)
  }
  return { ...frame, data: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength) }
})

/** The mean pixel of a rectangle. */
function meanOf(
  samples: ReturnType<typeof samplesOf>,
  { width, channels }: Raster,
  square: { left: number; top: number; width: number; height: number },
): number[] {
  const hasAlpha = channels === 4
  /** The sum of a channel's samples, each times its opacity if only visible colour counts. */
  const sumOf = (channel: number, isSeen: boolean) => {
    let sum = 0
    for (let y = 0; y < square.height; y++) {
      const start = ((square.top + y) * width + square.left) * channels + channel
      const end = start + square.width * channels
      if (isSeen)
        for (let at = start; at < end; at += 4)
          sum += (samples[at] as number) * (samples[at + 3 - channel] as number)
      else for (let at = start; at < end; at += channels) sum += samples[at] as number
    }
    return sum
  }
  const pixels = square.width * square.height
  const opacity = hasAlpha ? sumOf(3, false) : pixels
  const colours = Array.from({ length: Math.min(channels, 3) }, (_, channel) =>
    opacity === 0 ? 0 : Math.round(sumOf(channel, hasAlpha) / opacity),
  )
  return hasAlpha ? [...colours, Math.round(opacity / pixels)] : colours
}
