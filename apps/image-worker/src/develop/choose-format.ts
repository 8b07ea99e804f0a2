import type { OutputFormat } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { decode } from './decode/decode.ts'
import type { ColourPlan, EncodedImage } from './decode/examine.ts'
import { hasRoomFor, isAnimatable, usualResult } from './format-abilities.ts'
import { uprightSize } from './geometry.ts'
import { type DevelopLimits, timeoutOf } from './limits.ts'
import type { Plan } from './plan.ts'
import { inBytes, type Raster } from './raster/raster.ts'
import { forgivingOddTags } from './tiff/essential-tags.ts'
import { hasOddColours } from './tiff/odd-colours.ts'
import { isLossless, tiffPages } from './tiff/tiff-page.ts'

/** The properties that decide which format suits an image. */
interface Content {
  isDrawing: boolean
  isTransparent: boolean
}

/** A format, and whether to write it without loss. Only WebP has the choice. */
interface Choice {
  format: OutputFormat
  lossless: boolean
}

/**
 * The format that suits an image (`format:auto`): it keeps frames and transparency, photographs are small in it,
 * drawings stay sharp, and all browsers show it. A document of several pages stays a TIFF. If the format doesn't support
 * as many pixels a side as the result has, another is chosen.
 *
 * `reserve` is awaited before the first frame is unpacked, which happens only when the header isn't enough to decide.
 */
export async function chooseFormat(
  { input, header }: EncodedImage,
  plan: Pick<Plan, 'addsTransparency' | 'steps'> & ColourPlan,
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void>,
): Promise<Choice> {
  const { format, frames } = header
  const [page, ...morePages] = format === 'tiff' ? tiffPages(input) : []
  if (morePages.length > 0) return { format: 'tiff', lossless: header.lossless }
  const lossless = page ? isLossless(page) : header.lossless
  const content =
    contentByHeader({ ...header, lossless }) ??
    (await contentByPixels({ input, header, page }, plan, limits, reserve))
  const size = plan.steps.reduce((size, step) => step.sizeAfter(size), uprightSize(header))
  const withRoom = (...formats: OutputFormat[]) => formats.find(format => hasRoomFor(size, format))
  if (!page && frames > 1 && (isAnimatable(format) || format === 'png'))
    return { format: withRoom('webp', usualResult(format)) ?? 'gif', lossless: content.isDrawing }
  const isTransparent = content.isTransparent || plan.addsTransparency
  const ofPhotograph = withRoom(isTransparent ? 'webp' : 'jpeg') ?? 'png'
  // Another lossy format would lose more, and WebP and AVIF are the smallest.
  if (format === 'webp' || format === 'avif') return { format: withRoom(format) ?? ofPhotograph, lossless }
  return content.isDrawing ? { format: 'png', lossless: true } : { format: ofPhotograph, lossless: false }
}

/** Treats a lossy original as a photograph: the sharp edges of a drawing are already gone. */
function contentByHeader({
  format,
  lossless,
  channels,
}: Pick<ImageHeader, 'format' | 'lossless' | 'channels'>): Content | undefined {
  if (lossless) return undefined
  return { isDrawing: false, isTransparent: format !== 'jpeg' && channels % 2 === 0 }
}

/** More rows than these add nothing to the decision whether an image is a drawing. */
const examinedRows = 256

async function contentByPixels(
  { input, header, page }: EncodedImage,
  plan: ColourPlan,
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void>,
): Promise<Content> {
  const { width, height, unpackedBytes } = header
  if (page && hasOddColours(page)) {
    // sharp can't read them.
    await reserve(2 * unpackedBytes)
    const { picture } = await forgivingOddTags(input)(page, file =>
      decode({ input, header, page, file }, plan, limits),
    )
    const [raster] = picture.frames as [Raster]
    return contentOf(inBytes(raster).data, raster)
  }
  await reserve(8 * width * height)
  // Damage is reported later, when the image is developed.
  const read = (file: Uint8Array) =>
    sharp(file, { limitInputPixels: limits.maxPixels, failOn: 'none' })
      .timeout(timeoutOf(limits))
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
  const { data, info } = await (page ? forgivingOddTags(input)(page, read) : read(input))
  return contentOf(data, info)
}

function contentOf(data: Uint8Array, size: { width: number; height: number; channels: number }): Content {
  const { channels } = size
  const hasAlpha = channels % 2 === 0
  return {
    isDrawing: isDrawing(data, size),
    isTransparent: hasAlpha && data.some((sample, at) => at % channels === channels - 1 && sample < 255),
  }
}

/**
 * The largest difference between neighbours, out of 255, where colours change gently, as they do all over a photograph.
 */
const gentle = 16
/** The even parts of a photograph, such as a white wall, are at most this many times as large as its gentle parts. */
const mostEven = 3

/** In a drawing, neighbouring pixels are either alike or very different. */
function isDrawing(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): boolean {
  let [even, gently] = [0, 0]
  const step = Math.max(1, Math.floor(height / examinedRows))
  for (let y = 0; y < height; y += step) {
    for (let at = (y * width + 1) * channels; at < (y + 1) * width * channels; at += channels) {
      let difference = 0
      for (let channel = 0; channel < channels; channel++) {
        const own = data[at + channel] as number
        difference = Math.max(difference, Math.abs(own - (data[at + channel - channels] as number)))
      }
      if (difference === 0) even++
      else if (difference <= gentle) gently++
    }
  }
  return gently === 0 || even > mostEven * gently
}
