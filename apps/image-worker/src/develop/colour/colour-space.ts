import { type Curve, isHdr } from './curve.ts'
import { type Chromaticities, d65, type Point, srgbPrimaries } from './matrix.ts'

/** The meaning of samples: the colours of the channels, and how much light a sample stands for. */
export interface ColourSpace {
  primaries: Chromaticities
  curve: Curve
  /** Black is 16 of 255 and white is 235, as in television. */
  isNarrowRange: boolean
}

/** The numbers of colour primaries and of a transfer curve (ITU-T H.273, 8.1 and 8.2). */
export interface ColourNumbers {
  primaries: number
  transfer: number
}

const c: Point = [0.31, 0.316]
const dci: Point = [0.314, 0.351]
const ntsc = { red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07], white: d65 } as const
const p3 = { red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] } as const

const primariesByNumber: Readonly<Record<number, Chromaticities>> = {
  4: { red: [0.67, 0.33], green: [0.21, 0.71], blue: [0.14, 0.08], white: c },
  5: { red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06], white: d65 },
  6: ntsc,
  7: ntsc,
  8: { red: [0.681, 0.319], green: [0.243, 0.692], blue: [0.145, 0.049], white: c },
  9: { red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046], white: d65 },
  10: { red: [1, 0], green: [0, 1], blue: [0, 0], white: [1 / 3, 1 / 3] },
  11: { ...p3, white: dci },
  12: { ...p3, white: d65 },
  22: { red: [0.63, 0.34], green: [0.295, 0.605], blue: [0.155, 0.077], white: d65 },
}

/** The curves of cameras (1, 6, 7, 11, 12, 14, 15): every program that shows stills shows them as sRGB. */
const curvesByNumber: Readonly<Record<number, Curve>> = {
  4: { kind: 'gamma', gamma: 2.2 },
  5: { kind: 'gamma', gamma: 2.8 },
  8: { kind: 'gamma', gamma: 1 },
  9: { kind: 'logarithmic', decades: 2 },
  10: { kind: 'logarithmic', decades: 2.5 },
  16: { kind: 'pq' },
  17: { kind: 'gamma', gamma: 2.6 },
  18: { kind: 'hlg' },
}

/** Unspecified and unknown numbers mean sRGB. */
export function spaceOfNumbers({ primaries, transfer }: ColourNumbers): ColourSpace {
  return {
    primaries: primariesByNumber[primaries] ?? srgbPrimaries,
    curve: curvesByNumber[transfer] ?? { kind: 'srgb' },
    isNarrowRange: false,
  }
}

/** Whether the difference from sRGB is invisible, or ignored by programs. */
export function isSrgb({ primaries, curve, isNarrowRange }: ColourSpace): boolean {
  return !isNarrowRange && isSrgbCurve(curve) && hasSrgbPrimaries(primaries)
}

/** libpng's tolerance for gAMA, PNG_GAMMA_THRESHOLD. */
export function isSrgbCurve(curve: Curve): boolean {
  return curve.kind === 'srgb' || (curve.kind === 'gamma' && Math.abs(curve.gamma / 2.2 - 1) <= 0.05)
}

/** libpng's tolerance for cHRM. */
export function hasSrgbPrimaries(primaries: Chromaticities): boolean {
  const names = ['red', 'green', 'blue', 'white'] as const
  return names.every(name =>
    [0, 1].every(axis => Math.abs((primaries[name][axis] ?? 0) - (srgbPrimaries[name][axis] ?? 0)) <= 0.01),
  )
}

/**
 * Whether equal steps between samples look about equal, as in sRGB. Only then do operations work as intended, and eight bits
 * are enough.
 */
export function isPerceptual({ curve, isNarrowRange }: ColourSpace): boolean {
  if (isNarrowRange || isHdr(curve)) return false
  return curve.kind === 'srgb' || (curve.kind === 'gamma' && curve.gamma >= 1.7 && curve.gamma <= 2.9)
}
