import { decodeSrgb } from './srgb.ts'

/** How samples stand for light. The logarithmic curves cover this many decades. */
export type Curve =
  | { kind: 'srgb' }
  | { kind: 'gamma'; gamma: number }
  | { kind: 'logarithmic'; decades: number }
  | { kind: 'pq' }
  | { kind: 'hlg' }

/** Whether the light can be brighter than white paper. */
export function isHdr({ kind }: Curve): boolean {
  return kind === 'pq' || kind === 'hlg'
}

/**
 * The light of a sample from 0 to 1. 1 is white; for PQ it is 10 000 cd/m2, the brightest light that PQ has; for HLG it
 * is the light of the scene.
 */
export function lightOf(curve: Curve, sample: number): number {
  switch (curve.kind) {
    case 'srgb':
      return decodeSrgb(sample)
    case 'gamma':
      return sample ** curve.gamma
    case 'logarithmic':
      return sample <= 0 ? 0 : 10 ** ((sample - 1) * curve.decades)
    case 'pq':
      return decodePq(sample)
    case 'hlg':
      return decodeHlg(sample)
  }
}

/** ITU-R BT.2100, table 4: the perceptual quantiser (SMPTE ST 2084). */
const pq = { m1: 2610 / 16_384, m2: 2523 / 32, c1: 3424 / 4096, c2: 2413 / 128, c3: 2392 / 128 }

export function decodePq(sample: number): number {
  const root = sample ** (1 / pq.m2)
  return (Math.max(root - pq.c1, 0) / (pq.c2 - pq.c3 * root)) ** (1 / pq.m1)
}

export function encodePq(light: number): number {
  const power = light ** pq.m1
  return ((pq.c1 + pq.c2 * power) / (1 + pq.c3 * power)) ** pq.m2
}

/** ITU-R BT.2100, table 5: hybrid log-gamma. */
function decodeHlg(sample: number): number {
  const [a, b, c] = [0.178_832_77, 0.284_668_92, 0.559_910_73]
  return sample <= 0.5 ? sample ** 2 / 3 : (Math.exp((sample - c) / a) + b) / 12
}
