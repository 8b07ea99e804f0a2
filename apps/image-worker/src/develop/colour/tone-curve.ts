import { decodePq, encodePq } from './curve.ts'

/** The white of paper in HDR (ITU-R BT.2408, 2.1) and the brightest light of PQ, in cd/m2. */
export const paperWhite = 203
export const brightest = 10_000

/**
 * Compresses light of up to `peak` cd/m2 to at most paper white. Dark parts stay as they are; compression grows towards
 * the peak (ITU-R BT.2390, 5.4.1). Takes and returns fractions of 10 000 cd/m2.
 */
export function toneCurve(peak: number): (light: number) => number {
  const most = encodePq(Math.min(Math.max(peak, paperWhite) / brightest, 1))
  const target = encodePq(paperWhite / brightest) / most
  const knee = 1.5 * target - 0.5
  return light => {
    const level = Math.min(encodePq(light) / most, 1)
    return level <= knee ? light : decodePq(rolledOff(level) * most)
  }

  function rolledOff(level: number): number {
    const t = knee === 1 ? 1 : (level - knee) / (1 - knee)
    const [square, cube] = [t ** 2, t ** 3]
    return (
      (2 * cube - 3 * square + 1) * knee +
      (cube - 2 * square + t) * (1 - knee) +
      (3 * square - 2 * cube) * target
    )
  }
}
