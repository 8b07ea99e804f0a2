import type { OutputFormat } from '@darkroom/contracts'
import type { Cicp, ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import { canCarryProfile } from '../format-abilities.ts'
import type { ColourSignal } from './colour-signal.ts'
import { type ColourNumbers, isPerceptual, isSrgb, isSrgbCurve, spaceOfNumbers } from './colour-space.ts'
import { isHdr } from './curve.ts'
import { makeProfile } from './make-profile.ts'
import { pngColour } from './png-colour.ts'

/** Undefined for images that are sRGB without declaring it, and when only an ICC profile counts. */
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
  const numbers = { primaries: codePoint(primaries), transfer: codePoint(transfer) }
  return isPlain(numbers) ? undefined : { space: spaceOfNumbers(numbers), numbers }
}

/** ITU-T H.273 has numbers of eight bits, and 2 for unspecified. A `colr` box has room for more. */
function codePoint(number: number): number {
  return number > 255 ? 2 : number
}

/** How the colours of a result are treated. */
export type ColourTreatment =
  /** The colours are sRGB, or the profile of the original describes them. */
  | { kind: 'own' }
  /** The result has the same declaration as the original; the samples stay. */
  | { kind: 'kept'; signal: ColourSignal; keepsProfile: boolean }
  /** A new profile describes the colours; the samples stay. */
  | { kind: 'profiled'; icc: Uint8Array }
  /** The samples are converted to sRGB. */
  | { kind: 'converted' }
  /** The colours are so close to sRGB that the samples stay and nothing is declared. */
  | { kind: 'implied' }

/**
 * Decides how the colours of an image are treated in a result of this format. A PNG can declare everything that PNGs and
 * AVIFs declare, and keeps a profile besides, for older programs. An AVIF can declare colours that have numbers. Other
 * formats get a profile, if the transfer curve is close enough to sRGB's. All other images are converted to sRGB, HDR with
 * a tone curve; so are linear samples if an operation computes colours.
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
  // Coding loses least when samples are spaced as the eye sees them. The samples of an AVIF, which were coded before, stay.
  if (format === 'avif' && numbers && !isPlain(numbers) && (isWellSpaced || !chunks))
    return { kind: 'kept', signal, keepsProfile: false }
  if (isSrgb(space) || (isGrey && isSrgbCurve(space.curve) && !space.isNarrowRange))
    return { kind: 'implied' }
  return isPerceptual(space) && !isGrey && canCarryProfile(format)
    ? { kind: 'profiled', icc: makeProfile(space) }
    : { kind: 'converted' }
}

/** Whether the numbers mean sRGB, which is also the default (2: unspecified). */
function isPlain({ primaries, transfer }: ColourNumbers): boolean {
  return (primaries === 1 || primaries === 2) && (transfer === 13 || transfer === 2)
}
