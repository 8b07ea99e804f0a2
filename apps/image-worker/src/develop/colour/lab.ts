import { decodeSrgb, encodeSrgb, type Matrix, transform, type Vector } from './srgb.ts'

/* CIE L*a*b* (CIE 15:2004, 8.2.1) of sRGB samples from 0 to 1, under D65. Lightness is 0 to 100. */

const whiteXyz: Vector = [0.950_47, 1, 1.088_83]

const xyzOfSrgb: Matrix = [
  [0.412_456_4, 0.357_576_1, 0.180_437_5],
  [0.212_672_9, 0.715_152_2, 0.072_175],
  [0.019_333_9, 0.119_192, 0.950_304_1],
]

const srgbOfXyz: Matrix = [
  [3.240_454_2, -1.537_138_5, -0.498_531_4],
  [-0.969_266, 1.876_010_8, 0.041_556],
  [0.055_643_4, -0.204_025_9, 1.057_225_2],
]

export function labOf(srgb: Vector): Vector {
  const xyz = transform(xyzOfSrgb, map(srgb, decodeSrgb))
  const [x, y, z] = map(xyz, (value, axis) => compressed(value / (whiteXyz[axis] ?? 1)))
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** Clamped to the range of sRGB. */
export function srgbOf([lightness, a, b]: Vector): Vector {
  const y = (lightness + 16) / 116
  const xyz = map([y + a / 500, y, y - b / 200], (value, axis) => expanded(value) * (whiteXyz[axis] ?? 1))
  return map(transform(srgbOfXyz, xyz), light => encodeSrgb(Math.min(Math.max(light, 0), 1)))
}

/** The lightness of the grey whose red, green and blue are all `sample`. */
export function lightnessOf(sample: number): number {
  return 116 * compressed(decodeSrgb(sample)) - 16
}

/** The cube of 6/29, from CIE's definition. */
const darkest = 216 / 24_389

function compressed(value: number): number {
  return value > darkest ? Math.cbrt(value) : (24_389 / 27) * (value / 116) + 16 / 116
}

function expanded(value: number): number {
  const cube = value ** 3
  return cube > darkest ? cube : (116 * value - 16) / (24_389 / 27)
}

function map([x, y, z]: Vector, change: (value: number, axis: number) => number): Vector {
  return [change(x, 0), change(y, 1), change(z, 2)]
}
