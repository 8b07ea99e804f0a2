interface PhotographOptions {
  width: number
  height: number
  /** The same seed gives the same pixels, on every machine. */
  seed: number
}

const channels = 3
const grainBits = 5

/**
 * Pixels that compress like a photograph: slowly changing light, and grain. Three bytes a pixel; red prevails on the
 * left and blue on the right, so that a swap is visible. About 10 ns a pixel.
 */
export function photograph({ width, height, seed }: PhotographOptions): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(width * height * channels)
  const columns = Array.from({ length: channels }, (_, channel) => wave(width, seed + channel, 1 - channel))
  const rows = Array.from({ length: channels }, (_, channel) => wave(height, seed + 7 + channel, 0))
  let random = seed
  let at = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0
      const grain = random >>> (32 - grainBits)
      for (let channel = 0; channel < channels; channel++) {
        pixels[at++] = (columns[channel]?.[x] ?? 0) + (rows[channel]?.[y] ?? 0) + grain
      }
    }
  }
  return pixels
}

/** Half of a channel's light along one side, from about 20 to 110. It falls with `slope` 1, and rises with -1. */
function wave(length: number, seed: number, slope: number): Float32Array {
  const period = 0.5 + (seed % 5) / 4
  const phase = (seed % 11) / 11
  return Float32Array.from({ length }, (_, at) => {
    const place = at / length
    return 60 + 15 * Math.sin(2 * Math.PI * (period * place + phase)) + slope * (30 - 60 * place)
  })
}
