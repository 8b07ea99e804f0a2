/** The transfer function of sRGB (IEC 61966-2-1): from light to samples from 0 to 1, and back. */
export function encodeSrgb(light: number): number {
  return light <= 0.003_130_8 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055
}

export function decodeSrgb(sample: number): number {
  return sample <= 0.040_45 ? sample / 12.92 : ((sample + 0.055) / 1.055) ** 2.4
}

/** The matrix, row by row. */
export type Matrix = readonly [Vector, Vector, Vector]
export type Vector = readonly [number, number, number]

export function transform(matrix: Matrix, [x, y, z]: Vector): Vector {
  const [a, b, c] = matrix
  return [a[0] * x + a[1] * y + a[2] * z, b[0] * x + b[1] * y + b[2] * z, c[0] * x + c[1] * y + c[2] * z]
}
