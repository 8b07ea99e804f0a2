import type { ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import type { ColourSignal } from '../colour/colour-signal.ts'
import { type ColourTreatment, colourSignalOf, treatColours } from '../colour/treat-colours.ts'
import { canBeGrey, canCarryProfile } from '../format-abilities.ts'
import { withClearedFrames } from '../gif/cleared-frames.ts'
import { withScreen } from '../gif/screen.ts'
import { upToTrailer } from '../gif/up-to-trailer.ts'
import { withLastCodes } from '../gif/with-last-codes.ts'
import type { DevelopLimits } from '../limits.ts'
import type { CarriedMetadata } from '../metadata/carried-metadata.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import { isProfileOfColours, isProfileOfGrey } from '../metadata/profile-kind.ts'
import { withColours } from '../metadata/with-colours.ts'
import { type Original, originalOf } from '../original.ts'
import type { Plan } from '../plan.ts'
import { declareAsRgb, hasOddColours } from '../tiff/odd-colours.ts'
import type { TiffPage } from '../tiff/tiff-page.ts'
import { openImage } from './open-image.ts'

/** The part of a plan that decides to which colours an image is unpacked. */
export type ColourPlan = Pick<Plan, 'output' | 'makesColours' | 'coloursGrey' | 'geometry'>

export interface EncodedImage {
  input: Uint8Array
  header: ImageHeader
  /** Only this page of a TIFF. */
  page?: TiffPage | undefined
  /** The file that sharp reads instead of a TIFF: a copy that has the same pixels. */
  file?: Uint8Array
}

/** How sharp interprets the pixels of an image. */
interface PixelKind {
  bits: 8 | 16
  isGrey: boolean
  /** Whether the colours can stay as they are. CMYK and Lab are converted to sRGB. */
  hasOwnColours: boolean
}

/** The properties of an image that decide how it is unpacked. */
export interface Examined {
  /** The bytes that sharp reads. */
  source: Uint8Array
  opened: Awaited<ReturnType<typeof openImage>>
  kind: PixelKind
  signal: ColourSignal | undefined
  treatment: ColourTreatment
  /** Whether sharp must leave the samples as they are. */
  ignoresProfile: boolean
  /** The metadata that the result gets. */
  metadata: CarriedMetadata
  original: Original
}

/**
 * Examines an image, or one page of a TIFF. Colours stay as they are if the result can declare them; otherwise they are
 * converted to sRGB.
 */
export async function examine(
  { input, header, page, file = input }: EncodedImage,
  { output, makesColours, coloursGrey, geometry }: ColourPlan,
  limits: DevelopLimits,
): Promise<Examined> {
  const isOdd = page !== undefined && hasOddColours(page)
  const gif = header.format === 'gif' ? withLastCodes(withClearedFrames(upToTrailer(input))) : undefined
  const onScreen = gif && withScreen(gif, header.frames)
  const source = isOdd ? declaredAsRgb(file, input) : (onScreen ?? gif ?? file)
  const opened = await openImage(source, header, limits, onScreen ? 1 : 0)
  const kind = kindOf(opened.metadata)
  const signal = colourSignalOf(input, header, opened)
  const treatment = treatColours(signal, { isGrey: kind.isGrey, makesColours }, output.format)
  const isOfGrey = isProfileOfGrey(opened.metadata)
  // A profile of grey, Lab or the like is invalid for a coloured image, also if an operation makes it grey.
  const isOfColours = opened.metadata.icc === undefined || isProfileOfColours(opened.metadata)
  const isInvalid = !isOfColours && kind.hasOwnColours && !(isOfGrey && kind.isGrey)
  const fitsProfile = !isOfGrey || (kind.isGrey && canBeGrey(output.format) && !coloursGrey)
  const keepsProfile = kind.hasOwnColours && fitsProfile && (isOdd || canCarryProfile(output.format))
  const carried = carryMetadata(input, header, opened.metadata, { keepsProfile, output, geometry, page })
  return {
    source,
    opened,
    kind,
    signal,
    treatment,
    ignoresProfile: keepsProfile || isInvalid || signal !== undefined,
    metadata: withColours(carried, treatment),
    original: originalOf(input, header, opened, page),
  }
}

/** A copy of the file, unless `file` is already a copy: otherwise it would be copied again for each of its pages. */
function declaredAsRgb(file: Uint8Array, input: Uint8Array): Uint8Array {
  const copy = file === input ? Buffer.from(file) : Buffer.from(file.buffer, file.byteOffset, file.length)
  declareAsRgb(copy)
  return copy
}

function kindOf({ space, depth }: Metadata): PixelKind {
  const isGrey = space === 'b-w' || space === 'grey16'
  const hasOwnColours = isGrey || space === 'srgb' || space === 'rgb' || space === 'rgb16'
  return { bits: depth === 'ushort' ? 16 : 8, isGrey, hasOwnColours }
}
