import { type Matrix, transform, type Vector } from './srgb.ts'

/** CIE 1931 x and y of red, green, blue and white. */
export interface Chromaticities {
  red: Point
  green: Point
  blue: Point
  white: Point
}
export type Point = readonly [x: number, y: number]

export const d65: Point = [0.3127, 0.329]

export const srgbPrimaries: Chromaticities = {
  red: [0.64, 0.33],
  green: [0.3, 0.6],
  blue: [0.15, 0.06],
  white: d65,
}

/** The matrix from linear samples to CIE XYZ relative to their white, whose Y is 1 (SMPTE RP 177). */
export function xyzOf({ red, green, blue, white }: Chromaticities): Matrix {
  const primaries = transpose([tristimulus(red), tristimulus(green), tristimulus(blue)])
  const scale = transform(inverse(primaries), tristimulus(white))
  return rows(primaries, ([r, g, b]) => [r * scale[0], g * scale[1], b * scale[2]])
}

/**
 * The matrix from linear samples to linear sRGB, white to white. Colours that sRGB doesn't have come out below 0 or
 * above 1.
 */
export function toLinearSrgb(primaries: Chromaticities): Matrix {
  const adapted = multiply(adaptation(tristimulus(primaries.white), tristimulus(d65)), xyzOf(primaries))
  return multiply(inverse(xyzOf(srgbPrimaries)), adapted)
}

/** Whether these primaries can mix colours. They may lie outside the visible colours. */
export function isPossible(primaries: Chromaticities): boolean {
  const [, y] = primaries.white
  if (y < 0.1) return false
  const reach = [xyzOf(primaries), toLinearSrgb(primaries)].flat(2).map(Math.abs)
  return reach.every(value => value < 10)
}

const cone: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
]

/** The matrix that makes colours look the same under another white (Bradford; ICC.1:2022, annex E). */
export function adaptation(from: Vector, to: Vector): Matrix {
  const [before, after] = [transform(cone, from), transform(cone, to)]
  const scaled: Matrix = [
    [after[0] / before[0], 0, 0],
    [0, after[1] / before[1], 0],
    [0, 0, after[2] / before[2]],
  ]
  return multiply(inverse(cone), multiply(scaled, cone))
}

export function tristimulus([x, y]: Point): Vector {
  return [x / y, 1, (1 - x - y) / y]
}

export function multiply(one: Matrix, other: Matrix): Matrix {
  const columns = transpose(other)
  return rows(one, row => transform(columns, row))
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const adjugate: Matrix = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ]
  return rows(adjugate, ([x, y, z]) => [x / determinant, y / determinant, z / determinant])
}

function transpose([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  return [
    [a, d, g],
    [b, e, h],
    [c, f, i],
  ]
}

function rows([first, second, third]: Matrix, change: (row: Vector) => Vector): Matrix {
  return [change(first), change(second), change(third)]
}
