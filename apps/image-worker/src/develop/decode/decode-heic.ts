import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Metadata } from 'sharp'
import { toSrgb } from '../colour/to-srgb.ts'
import { numberedSignal, treatColours } from '../colour/treat-colours.ts'
import { unpremultiply } from '../colour/unpremultiply.ts'
import { canCarryProfile } from '../format-abilities.ts'
import { unpackHeic } from '../heic/unpack-heic.ts'
import type { DevelopLimits } from '../limits.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import { isProfileOfColours, isProfileOfGrey } from '../metadata/profile-kind.ts'
import { withColours } from '../metadata/with-colours.ts'
import { type Original, originalOf } from '../original.ts'
import type { Picture } from '../picture.ts'
import type { Plan } from '../plan.ts'
import { orient } from '../raster/orient.ts'
import { hasOnlyGrey, type Raster, release } from '../raster/raster.ts'
import { colourspaceOf, depthOf, toSharp } from '../raster/through-sharp.ts'
import type { SharedOriginal } from '../shared-original.ts'
import { greyToSrgb } from './grey-to-srgb.ts'

/**
 * Unpacks the primary image of a HEIC as it is displayed. EXIF orientation repeats the turns that the file itself
 * declares, so it is not applied again; the header has an orientation only if the turns were taken out of the file. Colours
 * stay as they are if the result can declare them; otherwise they are converted to sRGB.
 */
export async function decodeHeic(
  input: Uint8Array,
  header: ImageHeader,
  { output, makesColours, geometry }: Pick<Plan, 'output' | 'makesColours' | 'geometry'>,
  { maxPixels }: DevelopLimits,
  shared?: SharedOriginal,
): Promise<{ picture: Picture; original: Original }> {
  // sharp reads everything in a HEIC but its pixels.
  const { icc, ...others } = await sharp(input, { limitInputPixels: maxPixels }).metadata()
  // Other profiles are invalid for colours, and grey becomes colours.
  const greyProfile = icc && isProfileOfGrey({ icc }) ? icc : undefined
  const metadata: Metadata = icc && isProfileOfColours({ icc }) ? { ...others, icc } : others
  const { raster, cicp, isMoved, isPremultiplied } =
    shared?.unpackHeic(input, header) ?? unpackHeic(input, header)
  const signal = cicp && !metadata.icc ? numberedSignal(cicp) : undefined
  const treatment = treatColours(signal, { isGrey: false, makesColours }, output.format)
  const keepsProfile = canCarryProfile(output.format)

  let frame = isPremultiplied ? unpremultiply(raster) : raster
  if (greyProfile && hasOnlyGrey(frame)) frame = await greyToSrgb(frame, greyProfile)
  if (signal && treatment.kind === 'converted') frame = toSrgb(frame, signal)
  if (metadata.icc && !keepsProfile) frame = await profileToSrgb(frame, metadata.icc)
  frame = await orient(frame, header.orientation)
  // Positions in EXIF and XMP refer to the pixels as they are stored.
  const moved = {
    ...geometry,
    movesPixels: geometry.movesPixels || isMoved,
    changesView: geometry.changesView || isMoved,
  }
  const carried = carryMetadata(input, header, metadata, { keepsProfile, output, geometry: moved })
  return {
    picture: { frames: [frame], delays: [], loop: 0, metadata: withColours(carried, treatment) },
    original: originalOf(input, header, { metadata, avif: undefined }),
  }
}

/** sharp converts the colours of files, not of rasters. */
async function profileToSrgb(raster: Raster, icc: Uint8Array): Promise<Raster> {
  const png = await toSharp(raster).png({ compressionLevel: 0 }).toBuffer()
  release(raster)
  const tagged = attachMetadata(png, 'png', { icc }, raster)
  const image = sharp(tagged, { limitInputPixels: false }) // checked before it was unpacked
  const data = await image
    .toColourspace(colourspaceOf(raster))
    .raw({ depth: depthOf(raster) })
    .toBuffer()
  return { ...raster, data }
}
