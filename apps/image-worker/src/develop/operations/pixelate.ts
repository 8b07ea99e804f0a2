import type { OperationNamed } from '@darkroom/contracts'
import { type Raster, type Samples, samplesOf, withSamples } from '../raster/raster.ts'
import { onPixels } from './operation-kind.ts'

/**
 * Replaces each square by its mean, in which pixels count by their opacity. Works in place: on one row of squares after the
 * other, and on each of its rows of pixels from left to right. So small squares take no longer than large squares.
 */
export const pixelate = onPixels<'pixelate'>((frame, { size }: OperationNamed<'pixelate'>) => {
  const { width, height, channels } = frame
  const samples = samplesOf(frame)
  const row = width * channels
  const sums = new Float64Array(Math.ceil(width / size) * channels)
  for (let top = 0; top < height; top += size) {
    const rows = Math.min(size, height - top)
    const band = samples.subarray(top * row, (top + rows) * row)
    sums.fill(0)
    for (let at = 0; at < band.length; at += row) addRow(sums, band.subarray(at, at + row), frame, size)
    writeMeans(band, sums, frame, { size, rows })
    for (let y = 1; y < rows; y++) band.copyWithin(y * row, 0, row)
  }
  return withSamples(frame, samples)
})

/** Adds a row to the sums of its squares: each colour times its opacity, and the opacity. */
function addRow(sums: Float64Array, row: Samples, { channels }: Raster, size: number): void {
  const squareSamples = size * channels
  for (let start = 0, square = 0; start < row.length; start += squareSamples, square += channels) {
    const end = Math.min(start + squareSamples, row.length)
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      if (channels !== 4 || channel === 3)
        for (let at = start + channel; at < end; at += channels) sum += row[at] as number
      else
        for (let at = start; at < end; at += 4) sum += (row[at + channel] as number) * (row[at + 3] as number)
      sums[square + channel] = (sums[square + channel] as number) + sum
    }
  }
}

/** Writes the means of the squares into their first row. */
function writeMeans(
  band: Samples,
  sums: Float64Array,
  { width, channels }: Raster,
  { size, rows }: { size: number; rows: number },
): void {
  const hasAlpha = channels === 4
  for (let left = 0, square = 0; left < width; left += size, square += channels) {
    const right = Math.min(left + size, width)
    const pixels = (right - left) * rows
    const opacity = hasAlpha ? (sums[square + 3] as number) : pixels
    for (let channel = 0; channel < channels; channel++) {
      const divisor = channel === 3 ? pixels : opacity
      const mean = divisor === 0 ? 0 : Math.round((sums[square + channel] as number) / divisor)
      for (let x = left; x < right; x++) band[x * channels + channel] = mean
    }
  }
}
