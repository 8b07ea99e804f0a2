import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { noise } from '../permute/pictures.ts'

/** Samples row by row, all frames one below the other: the source of a test file. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly channels: 1 | 2 | 3 | 4
  readonly bits: 8 | 16
  readonly samples: Uint8Array | Uint16Array
}

/** Grey, grey with alpha, colour and colour with alpha; by default of both depths. */
export function rasters(
  shape: { channels?: Raster['channels'][]; bits?: Raster['bits'][]; frames?: number[] } = {},
): fc.Arbitrary<Raster> {
  const { channels = [1, 2, 3, 4], bits = [8, 16], frames = [1] } = shape
  return fc
    .record({
      width: fc.integer({ min: 1, max: 24 }),
      height: fc.integer({ min: 1, max: 24 }),
      frames: fc.constantFrom(...frames),
      channels: fc.constantFrom(...channels),
      bits: fc.constantFrom(...bits),
      seed: fc.nat(0xffff),
    })
    .map(rasterOf)
}

/** Noise, some of it repeated; a third of the alpha samples are 0 and a third are opaque. */
export function rasterOf(options: Omit<Raster, 'samples'> & { seed: number }): Raster {
  const { seed, ...shape } = options
  const { width, height, frames, channels, bits } = shape
  const numbers = noise(width * height * frames * channels, 2 ** bits, seed)
  if (channels % 2 === 0) {
    for (let at = channels - 1; at < numbers.length; at += channels) {
      const turn = (numbers[at] ?? 0) % 3
      if (turn < 2) numbers[at] = turn === 0 ? 0 : 2 ** bits - 1
    }
  }
  return { ...shape, samples: bits === 8 ? Uint8Array.from(numbers) : numbers }
}

/** The raster as input of sharp, to be written in any format. */
export function drawing({ width, height, frames, channels, bits, samples }: Raster): Sharp {
  const isGrey = channels < 3
  const deep = isGrey ? 'grey16' : 'rgb16'
  const shallow = isGrey ? 'b-w' : 'srgb'
  const raw = { width, height: height * frames, channels, ...(frames > 1 && { pageHeight: height }) }
  return sharp(samples, { raw }).toColourspace(bits === 16 ? deep : shallow)
}

/** The raster's samples as red, green, blue and alpha. */
export function asRgba({ channels, bits, samples }: Raster): Uint8Array | Uint16Array {
  const hasAlpha = channels % 2 === 0
  const pixels = samples.length / channels
  const rgba = bits === 8 ? new Uint8Array(4 * pixels) : new Uint16Array(4 * pixels)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = pixel * channels
    for (let channel = 0; channel < 3; channel++) {
      rgba[4 * pixel + channel] = samples[at + (channels < 3 ? 0 : channel)] ?? 0
    }
    rgba[4 * pixel + 3] = hasAlpha ? (samples[at + channels - 1] ?? 0) : 2 ** bits - 1
  }
  return rgba
}

/** Pixels of one row after the other, in hex: `['ff0000 00ff00', '0000ff 000000']`. */
export function rasterFrom(rows: readonly string[], bits: Raster['bits'] = 8): Raster {
  const pixels = rows.map(row => row.split(' '))
  const digits = bits / 4
  const samples = pixels.flat().flatMap(pixel => pixel.match(new RegExp(`.{${digits}}`, 'g')) ?? [])
  const numbers = samples.map(sample => Number.parseInt(sample, 16))
  return {
    width: pixels[0]?.length ?? 0,
    height: rows.length,
    frames: 1,
    channels: ((pixels[0]?.[0]?.length ?? 0) / digits) as Raster['channels'],
    bits,
    samples: bits === 8 ? Uint8Array.from(numbers) : Uint16Array.from(numbers),
  }
}
