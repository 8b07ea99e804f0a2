import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Metadata } from 'sharp'
import { NotWellFormed } from '../permute/not-well-formed.ts'
import { colourSignalOf, treatColours } from './colour/colour-signal.ts'
import { toSrgb } from './colour/to-srgb.ts'
import { unpremultiply } from './colour/unpremultiply.ts'
import { withColours } from './colour/with-colours.ts'
import { canCarryProfile, keepsFrames } from './format-abilities.ts'
import { upToTrailer } from './gif/up-to-trailer.ts'
import { type DevelopLimits, timeoutOf } from './limits.ts'
import { carriedMetadata } from './metadata/carried-metadata.ts'
import { openImage } from './open-image.ts'
import { orient } from './orient.ts'
import { type Original, originalOf } from './original.ts'
import type { Plan } from './plan.ts'
import { composeFrames } from './png/compose-frames.ts'
import { type PngFrames, readAnimation } from './png/read-animation.ts'
import { colourspaceOf, depthOf, type Output, type Picture, type Raster } from './raster.ts'
import { isTransparent, withoutFourthChannel } from './tiff/extra-samples.ts'
import { forgivingTags } from './tiff/harmless-warnings.ts'
import { asRgb, convertColours, hasOddColours } from './tiff/odd-colours.ts'
import type { TiffPage } from './tiff/tiff-page.ts'
import { UnusableImage } from './unusable-image.ts'

/**
 * Unpacks an image as it is displayed: all frames, or one page of a TIFF; EXIF orientation applied. Colours stay the
 * original's own where the result can say what they are, else they become sRGB; CMYK and Lab always do.
 */
export async function decode(
  input: Uint8Array,
  header: ImageHeader,
  { output, makesColours, geometry }: Pick<Plan, 'output' | 'makesColours' | 'geometry'>,
  limits: DevelopLimits,
  page?: TiffPage,
): Promise<{ picture: Picture; original: Original }> {
  const isOdd = page !== undefined && hasOddColours(page)
  const decodable = header.format === 'gif' ? upToTrailer(input) : input
  const source = isOdd ? asRgb(input, page) : decodable
  const opened = await openImage(source, header, limits, page?.index)
  const { isAnimated, options, metadata, avif } = opened
  const kind = kindOf(metadata)
  const signal = colourSignalOf(input, header, opened)
  const treatment = treatColours(signal, { isGrey: kind.isGrey, makesColours }, output.format)
  const keepsProfile = kind.hasOwnColours && (isOdd || canCarryProfile(output.format))

  const animation = animationOf(input, header, output)
  const unpack = async (file: Uint8Array): Promise<Raster> => {
    const { data, info } = await forgivingTags(page, failOn => {
      const image = sharp(file, { ...options, failOn, ignoreIcc: keepsProfile || signal !== undefined })
      // sharp turns only single images by itself.
      if (!isAnimated && !animation) image.autoOrient()
      return image
        .timeout(timeoutOf(limits))
        .toColourspace(colourspaceOf({ bits: kind.bits, isGrey: kind.isGrey && !metadata.hasAlpha }))
        .raw({ depth: depthOf(kind) })
        .toBuffer({ resolveWithObject: true })
    })
    const { width, height } = info
    const unpacked: Raster = { ...kind, data, width, height, channels: info.channels as Raster['channels'] }
    const raster = page ? asPageSays(unpacked, page) : unpacked
    const straight = avif?.isPremultiplied ? unpremultiply(raster) : raster
    return signal && treatment.kind === 'converted' ? toSrgb(straight, signal) : straight
  }
  const frames = animation
    ? await orientAll(await composeFrames(animation, unpack), header.orientation)
    : await framesOf(await unpack(source))
  const picture: Picture = {
    frames,
    delays: animation?.frames.map(({ delayMs }) => delayMs) ?? metadata.delay ?? [],
    loop: animation?.loop ?? metadata.loop ?? 0,
    metadata: withColours(
      carriedMetadata(input, header, metadata, { keepsProfile, output, geometry, page }),
      treatment,
    ),
  }
  return { picture, original: originalOf(input, header, opened, page) }

  async function framesOf(stack: Raster): Promise<Raster[]> {
    if (!isAnimated) return [stack]
    return orientAll(slice(stack, metadata.pageHeight ?? stack.height), header.orientation)
  }
}

/**
 * The frames of an animated PNG, of which the decoder knows the first alone, where the result has a place for them.
 *
 * @throws UnusableImage where they can't be told and the result is a PNG; other formats show the first image then
 */
function animationOf(
  input: Uint8Array,
  { format, frames }: ImageHeader,
  output: Output,
): PngFrames | undefined {
  if (format !== 'png' || frames === 1 || !keepsFrames(format, output.format)) return undefined
  try {
    return readAnimation(input)
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
    if (output.format !== 'png') return undefined
    const words = `the animation is not well formed: ${error.message}`
    throw new UnusableImage('malformed-animation', words, { cause: error })
  }
}

/** Where libvips takes samples for what they are not. */
function asPageSays(raster: Raster, page: TiffPage): Raster {
  const own = raster.channels === 4 && !isTransparent(page) ? withoutFourthChannel(raster) : raster
  return convertColours(own, page)
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
