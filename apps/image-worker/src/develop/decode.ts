import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Metadata } from 'sharp'
import { canCarryProfile } from './format-abilities.ts'
import { type DevelopLimits, timeoutOf } from './limits.ts'
import { carriedMetadata } from './metadata/carried-metadata.ts'
import { openImage } from './open-image.ts'
import { orient } from './orient.ts'
import { type Original, originalOf } from './original.ts'
import { colourspaceOf, depthOf, type Output, type Picture, type Raster } from './raster.ts'

/**
 * Unpacks an image as it is displayed: all frames, EXIF orientation applied. Colours stay the profile's own where
 * the result can carry the profile, else they become sRGB; CMYK and Lab always do.
 */
export async function decode(
  input: Uint8Array,
  header: ImageHeader,
  output: Output,
  limits: DevelopLimits,
): Promise<{ picture: Picture; original: Original }> {
  const opened = await openImage(input, header, limits)
  const { isAnimated, options, metadata } = opened
  const kind = kindOf(metadata)
  const keepsProfile = kind.hasOwnColours && canCarryProfile(output.format)

  const image = sharp(input, { ...options, ignoreIcc: keepsProfile })
  // sharp turns only single images by itself.
  if (!isAnimated) image.autoOrient()
  const { data, info } = await image
    .timeout(timeoutOf(limits))
    .toColourspace(colourspaceOf({ bits: kind.bits, isGrey: kind.isGrey && !metadata.hasAlpha }))
    .raw({ depth: depthOf(kind) })
    .toBuffer({ resolveWithObject: true })

  const stack: Raster = {
    ...kind,
    data,
    width: info.width,
    height: info.height,
    channels: info.channels as Raster['channels'],
  }
  const frames = isAnimated
    ? await orientAll(slice(stack, metadata.pageHeight ?? stack.height), header.orientation)
    : [stack]
  const picture: Picture = {
    frames,
    delays: metadata.delay ?? [],
    loop: metadata.loop ?? 0,
    metadata: carriedMetadata(input, metadata, keepsProfile, output),
  }
  return { picture, original: originalOf(input, header, opened) }
}

function kindOf({ space, depth }: Metadata): { bits: 8 | 16; isGrey: boolean; hasOwnColours: boolean } {
  const isGrey = space === 'b-w' || space === 'grey16'
  const hasOwnColours = isGrey || space === 'srgb' || space === 'rgb' || space === 'rgb16'
  return { bits: depth === 'ushort' ? 16 : 8, isGrey, hasOwnColours }
}

/** Frames are parts of the one stack, on its memory. */
function slice(stack: Raster, height: number): Raster[] {
  const frameBytes = (stack.data.length / stack.height) * height
  return Array.from({ length: stack.height / height }, (_, index) => ({
    ...stack,
    height,
    data: stack.data.subarray(index * frameBytes, (index + 1) * frameBytes),
  }))
}

async function orientAll(frames: Raster[], orientation: number): Promise<Raster[]> {
  for (const [index, frame] of frames.entries()) frames[index] = await orient(frame, orientation)
  return frames
}
