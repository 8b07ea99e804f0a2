/** The largest number of 32 bits. */
const longest = 2 ** 32 - 1

/**
 * The simplest fraction of two whole numbers up to `most` that comes close to a value of at least 0, computed with its
 * continued fraction.
 */
export function fractionOf(value: number, most = longest): [numerator: number, denominator: number] {
  if (value >= most) return [most, 1]
  let [before, fraction]: [[number, number], [number, number]] = [
    [1, 0],
    [Math.floor(value), 1],
  ]
  let rest = value - Math.floor(value)
  while (Math.abs(fraction[0] / fraction[1] - value) > 1e-9 * value && rest > 0) {
    const whole = Math.floor(1 / rest)
    rest = 1 / rest - whole
    const next: [number, number] = [whole * fraction[0] + before[0], whole * fraction[1] + before[1]]
    if (next[0] > most || next[1] > most) break
    ;[before, fraction] = [fraction, next]
  }
  return fraction
}
