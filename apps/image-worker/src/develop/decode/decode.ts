import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { correctSamples } from '../avif/correct-samples.ts'
import { spaceOfNumbers } from '../colour/colour-space.ts'
import { toSrgb } from '../colour/to-srgb.ts'
import { keepsFrames } from '../format-abilities.ts'
import { type DevelopLimits, timeoutOf } from '../limits.ts'
import type { Original } from '../original.ts'
import type { Output } from '../output.ts'
import type { Picture } from '../picture.ts'
import { composeFrames } from '../png/compose-frames.ts'
import { hasNoFrames, type PngFrames, readAnimation } from '../png/read-animation.ts'
import { orient, orientInSharp } from '../raster/orient.ts'
import { cutFrames, hasUnusedAlpha, type Raster, release, withoutFourthChannel } from '../raster/raster.ts'
import { colourspaceOf, depthOf } from '../raster/through-sharp.ts'
import { isDeepCmykWithAlpha, withOwnAlpha } from '../tiff/deep-cmyk.ts'
import { isTransparent } from '../tiff/extra-samples.ts'
import { forgivingHarmlessWarnings } from '../tiff/harmless-warnings.ts'
import { convertColours } from '../tiff/odd-colours.ts'
import type { TiffPage } from '../tiff/tiff-page.ts'
import { UnusableImage } from '../unusable-image.ts'
import { type ColourPlan, type EncodedImage, examine } from './examine.ts'
import { greyToSrgb } from './grey-to-srgb.ts'

const displayP3 = { space: spaceOfNumbers({ primaries: 12, transfer: 13 }) }

/**
 * Unpacks an image as it is displayed: all frames, or one page of a TIFF, with the EXIF orientation applied. Colours
 * stay as they are if the result can declare them; otherwise they are converted to sRGB. CMYK and Lab are always
 * converted.
 */
export async function decode(
  image: EncodedImage,
  plan: ColourPlan,
  limits: DevelopLimits,
): Promise<{ picture: Picture; original: Original }> {
  const { input, header, page } = image
  const examined = await examine(image, plan, limits)
  const { source, opened, signal, treatment } = examined
  const { isAnimated, options, metadata, avif } = opened
  const kind = { bits: examined.kind.bits, isGrey: examined.kind.isGrey }

  // sharp converts 16-bit samples with a profile to Display P3 (pipeline.cc), all others to sRGB.
  const becomesDisplayP3 =
    metadata.space === 'rgb16' && metadata.icc !== undefined && !examined.ignoresProfile
  const decodedSpace = becomesDisplayP3 ? displayP3 : undefined
  // sharp leaves grey 16-bit samples as they are.
  const ignoredGreyProfile =
    metadata.space === 'grey16' && !examined.ignoresProfile ? metadata.icc : undefined
  const animation = animationOf(input, header, plan.output)
  const unpack = async (encoded: Uint8Array): Promise<Raster> => {
    const { data, info } = await forgivingHarmlessWarnings(page, failOn => {
      const image = sharp(encoded, { ...options, failOn, ignoreIcc: examined.ignoresProfile })
      // sharp turns single images by itself, but not animations; it turns an AVIF only as the file declares.
      if (!isAnimated && !animation && !avif) orientInSharp(image, header)
      return image
        .timeout(timeoutOf(limits))
        .toColourspace(colourspaceOf({ bits: kind.bits, isGrey: kind.isGrey && !metadata.hasAlpha }))
        .raw({ depth: depthOf(kind) })
        .toBuffer({ resolveWithObject: true })
    })
    const { width, height } = info
    const unpacked: Raster = { ...kind, data, width, height, channels: info.channels as Raster['channels'] }
    const raster = page ? await correctedForPage(unpacked, input, page) : unpacked
    const correct = avif ? correctSamples(raster, avif, metadata.bitsPerSample ?? 8) : raster
    if (ignoredGreyProfile) return greyToSrgb(correct, ignoredGreyProfile)
    const converts = treatment.kind === 'converted' ? signal : decodedSpace
    return converts ? toSrgb(correct, converts) : correct
  }
  const frames = animation
    ? await orientAll(await composeFrames(animation, unpack), header.orientation)
    : await framesOf(await unpack(source))
  const picture: Picture = {
    frames,
    delays: animation?.frames.map(({ delayMs }) => delayMs) ?? metadata.delay ?? [],
    loop: animation?.loop ?? metadata.loop ?? 0,
    metadata: examined.metadata,
  }
  return { picture, original: examined.original }

  async function framesOf(stack: Raster): Promise<Raster[]> {
    if (!isAnimated) return avif ? orientAll([stack], header.orientation) : [stack]
    // Frames that change only parts are transparent in the file, although no pixel of the whole image is.
    const shown = hasUnusedAlpha(stack) ? withoutFourthChannel(stack) : stack
    if (shown !== stack) release(stack)
    return orientAll(cutFrames(shown, metadata.pageHeight ?? stack.height), header.orientation)
  }
}

/**
 * The frames of an animated PNG, if the result can have several. The decoder reads only the first frame.
 *
 * @throws UnusableImage when the frames can't be read and the result is a PNG; other formats then show the first image
 */
function animationOf(
  input: Uint8Array,
  { format, frames }: ImageHeader,
  output: Output,
): PngFrames | undefined {
  if (format !== 'png' || frames === 1 || !keepsFrames(format, output.format)) return undefined
  try {
    return hasNoFrames(input) ? undefined : readAnimation(input)
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
    if (output.format !== 'png') return undefined
    const message = `the animation is not well formed: ${error.message}`
    throw new UnusableImage('malformed-animation', message, { cause: error })
  }
}

/** Corrects a raster whose samples libvips misinterprets. */
async function correctedForPage(raster: Raster, tiff: Uint8Array, page: TiffPage): Promise<Raster> {
  if (isDeepCmykWithAlpha(page) && raster.channels === 4) return withOwnAlpha(raster, tiff, page)
  const own = raster.channels === 4 && !isTransparent(page) ? withoutFourthChannel(raster) : raster
  return convertColours(own, page)
}

async function orientAll(frames: Raster[], orientation: number): Promise<Raster[]> {
  for (const [index, frame] of frames.entries()) frames[index] = await orient(frame, orientation)
  return frames
}
