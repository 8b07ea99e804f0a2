import type { OutputFormat } from '@darkroom/contracts'
import type { Cicp, ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { canCarryProfile } from '../format-abilities.ts'
import type { ColourSignal } from './colour-signal.ts'
import { type ColourNumbers, isPerceptual, isSrgb, isSrgbCurve, spaceOfNumbers } from './colour-space.ts'
import { isHdr } from './curve.ts'
import { makeProfile } from './make-profile.ts'
import { pngColour } from './png-colour.ts'

/** Undefined for what is sRGB without saying so, and where only an ICC profile counts. */
export function colourSignalOf(
  input: Uint8Array,
  { format }: ImageHeader,
  { metadata, avif }: { metadata: Metadata; avif: { cicp: Cicp } | undefined },
): ColourSignal | undefined {
  if (format === 'png') return pngColour(input, metadata.icc !== undefined)
  return avif && !metadata.icc ? numberedSignal(avif.cicp) : undefined
}

/** Undefined for sRGB. */
export function numberedSignal({ primaries, transfer }: Cicp): ColourSignal | undefined {
  const numbers = { primaries, transfer }
  return isPlain(numbers) ? undefined : { space: spaceOfNumbers(numbers), numbers }
}

/** What becomes of the colours in a result. */
export type ColourTreatment =
  /** They are sRGB, or a profile's that the original has. */
  | { kind: 'own' }
  /** The result says the same as the original, and samples stay. */
  | { kind: 'kept'; signal: ColourSignal; keepsProfile: boolean }
  /** A profile says it, and samples stay. */
  | { kind: 'profiled'; icc: Uint8Array }
  /** Samples become those of sRGB. */
  | { kind: 'converted' }
  /** They are so near to sRGB that samples stay, and nothing is said. */
  | { kind: 'implied' }

/**
 * PNG can say what PNG and AVIF say, and keeps a profile beside it for older programs; AVIF can say what has numbers.
 * In other formats a profile says it, where samples are spaced about as those of sRGB. All others become sRGB, HDR by
 * way of a tone curve, as do linear samples for operations that compute colours.
 */
export function treatColours(
  signal: ColourSignal | undefined,
  { isGrey, makesColours }: { isGrey: boolean; makesColours: boolean },
  format: OutputFormat,
): ColourTreatment {
  if (!signal) return { kind: 'own' }
  const { chunks, numbers, space } = signal
  const isWellSpaced = isPerceptual(space) || isHdr(space.curve)
  if (makesColours && !isWellSpaced) return { kind: 'converted' }
  if (format === 'png') return { kind: 'kept', signal, keepsProfile: true }
  // Coding loses least where samples are spaced as the eye sees them; what is coded otherwise already, stays.
  if (format === 'avif' && numbers && !isPlain(numbers) && (isWellSpaced || !chunks))
    return { kind: 'kept', signal, keepsProfile: false }
  if (isSrgb(space) || (isGrey && isSrgbCurve(space.curve) && !space.isNarrowRange))
    return { kind: 'implied' }
  return isPerceptual(space) && !isGrey && canCarryProfile(format)
    ? { kind: 'profiled', icc: makeProfile(space) }
    : { kind: 'converted' }
}

/** sRGB, which is what goes without saying as well (2: unspecified). */
function isPlain({ primaries, transfer }: ColourNumbers): boolean {
  return (primaries === 1 || primaries === 2) && (transfer === 13 || transfer === 2)
}
