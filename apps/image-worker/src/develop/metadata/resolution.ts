/** Pixels per unit of length, across and down; without a unit, only their ratio counts. */
export interface Resolution {
  readonly x: number
  readonly y: number
  readonly unit: ResolutionUnit
}

export type ResolutionUnit = 'inch' | 'centimetre' | 'metre' | 'none'

const perInch = { inch: 1, centimetre: 2.54, metre: 0.0254 } as const
/** PNG counts whole pixels per metre, so 300 dpi is read back as 299.9994. */
const roundingError = 0.5 * perInch.metre

/** Undefined if the numbers can't be a resolution. */
export function resolutionOf(x: number, y: number, unit: ResolutionUnit | undefined): Resolution | undefined {
  const isPossible = [x, y].every(pixels => Number.isFinite(pixels) && pixels > 0)
  return isPossible && unit !== undefined ? { x, y, unit } : undefined
}

/** The same resolution of an image whose rows have become columns. */
export function resolutionWithAxesSwapped({ x, y, unit }: Resolution): Resolution {
  return { x: y, y: x, unit }
}

/** The same resolution in another unit; a resolution without a unit stays unchanged. */
export function inUnit(resolution: Resolution, unit: keyof typeof perInch): Resolution {
  if (resolution.unit === 'none' || resolution.unit === unit) return resolution
  const toInch = perInch[resolution.unit]
  const converted = (pixels: number) => {
    const dpi = pixels * toInch
    const whole = Math.round(dpi)
    return (Math.abs(dpi - whole) <= roundingError ? whole : dpi) / perInch[unit]
  }
  return { x: converted(resolution.x), y: converted(resolution.y), unit }
}

/** The resolution in whole numbers from 1 to `most`; undefined if such numbers can't express it. */
export function inWholeNumbers({ x, y, unit }: Resolution, most: number): Resolution | undefined {
  const whole = { x: Math.round(x), y: Math.round(y), unit }
  const isPossible = [whole.x, whole.y].every(pixels => pixels >= 1 && pixels <= most)
  // A ratio can't be rounded.
  const isExact = whole.x === x && whole.y === y
  return isPossible && (unit !== 'none' || isExact) ? whole : undefined
}
