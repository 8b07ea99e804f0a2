import type { OutputFormat } from '@darkroom/contracts'
import sharp, { type Sharp } from 'sharp'
import type { Size } from '../../permute/rectangle.ts'
import { signAvif } from '../avif/sign-avif.ts'
import {
  canBeTransparent,
  canHave16Bits,
  expectFewFrames,
  expectRoomFor,
  keepsFrames,
} from '../format-abilities.ts'
import { exactGif } from '../gif/exact-gif.ts'
import { encodeBaseline, stripsOf } from '../jpeg/encode-baseline.ts'
import { type DevelopLimits, timeoutOf } from '../limits.ts'
import { attachMetadata } from '../metadata/attach.ts'
import type { CarriedMetadata } from '../metadata/carried-metadata.ts'
import { isProfileOfColours, profileFor } from '../metadata/profile-kind.ts'
import type { Original } from '../original.ts'
import type { Output } from '../output.ts'
import type { Picture } from '../picture.ts'
import { writeAnimation } from '../png/write-animation.ts'
import { joinFrames, type Raster, samplesOf, withSamples } from '../raster/raster.ts'
import { spreadColours } from '../raster/spread-colours.ts'
import { colourspaceOf, toSharp } from '../raster/through-sharp.ts'
import { encodeJpegPage } from '../tiff/encode-jpeg-page.ts'
import { joinPages } from '../tiff/join-pages.ts'
import { replaceBlended } from '../webp/replace-blended.ts'
import { declareTransparency } from '../webp/webp-transparency.ts'
import { writePng } from './encode-png.ts'
import { type EncodeSettings, maxGrowth, settingsFor, stronger, weaker, writeAs } from './encode-settings.ts'
import { delayOfLibvips, writeDelays } from './exact-delays.ts'
import { filterIfSmaller } from './filter-if-smaller.ts'

/** If the quality can't be read from the file, assume it was higher when the result is smaller than this. */
const minGrowth = 0.9
const maxAttempts = 4

/**
 * Writes a picture in the output's format, with the original's settings if the format is the same. `rewrittenBytes` is
 * the size of an original that is only rewritten; the result should not be much larger.
 */
export async function encode(
  picture: Picture,
  output: Output,
  original: Original,
  rewrittenBytes: number | undefined,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const prepared = prepare(picture, output.format, original)
  expectRoomFor(frameSize(prepared), output.format)
  expectFewFrames(picture.frames.length, output.format)
  const { frames, loop } = picture
  // PNG stores delays as fractions; the other formats need whole numbers.
  const delays = output.format === 'png' ? picture.delays : picture.delays.map(Math.round)
  const exact = output.format === 'gif' ? exactGif(frames, { delays, loop }) : undefined
  if (exact) return attachMetadata(exact, 'gif', prepared.metadata, frameSize(prepared))
  const { bits, channels, width, height } = prepared.stack
  const written = {
    bits,
    pixels: width * height,
    frames: frames.length,
    hasAlpha: channels % 2 === 0,
    delays,
    loop,
  }
  let settings = settingsFor(written, output, original)
  if (isJpegInTiff(output.format, settings)) expectRoomFor(frameSize(prepared), 'jpeg')
  // In a WebP, libwebp does this by itself.
  if (output.format === 'avif' && !settings.lossless && (channels === 2 || channels === 4))
    spreadColours(samplesOf(prepared.stack), width, channels)
  let bytes = await encodeOnce(prepared, output.format, settings, limits)
  const isExact = output.format === 'tiff' && settings.compression === 'deflate'
  if (rewrittenBytes === undefined || original.lossless || isExact) return bytes
  const growth = bytes.length / rewrittenBytes
  if (original.quality === undefined && growth < minGrowth) {
    settings = stronger(settings, growth)
    bytes = await encodeOnce(prepared, output.format, settings, limits)
  }
  for (let attempt = 1; attempt < maxAttempts && bytes.length > rewrittenBytes * maxGrowth; attempt++) {
    const { format } = output
    settings = weaker(settings, bytes.length / rewrittenBytes, { format, attempt })
    bytes = await encodeOnce(prepared, output.format, settings, limits)
  }
  return bytes
}

interface Prepared {
  original: Original
  stack: Stack
  pageHeight: number | undefined
  metadata: CarriedMetadata
}

/** All frames, stacked from top to bottom. Two channels are grey and alpha. */
type Stack = Omit<Raster, 'channels'> & { channels: 1 | 2 | 3 | 4 }

/** Stacks the frames in one raster that the format can hold. */
function prepare({ frames, metadata }: Picture, format: OutputFormat, original: Original): Prepared {
  const kept = keepsFrames(original.format, format) ? frames : frames.slice(0, 1)
  const [first] = kept as [Raster]
  const pageHeight = kept.length > 1 ? first.height : undefined
  const stack = joinFrames(kept)
  const written = stack.isGrey && stack.channels === 4 ? asGreyWithAlpha(stack) : stack
  return { original, stack: written, pageHeight, metadata: profileFor(stack, metadata) }
}

/**
 * Drops two of the three equal channels. sharp would compute grey in floats and lose the last bit of deep transparency.
 */
function asGreyWithAlpha(stack: Raster): Stack {
  const samples = samplesOf(stack)
  const kept = samples.slice(0, samples.length / 2)
  for (let from = 0, to = 0; from < samples.length; from += 4) {
    kept[to++] = samples[from] ?? 0
    kept[to++] = samples[from + 3] ?? 0
  }
  return { ...withSamples(stack, kept), channels: 2 }
}

async function encodeOnce(
  prepared: Prepared,
  format: OutputFormat,
  settings: EncodeSettings,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const bytes = await encodePixels(prepared, format, settings, limits)
  return attachMetadata(bytes, format, prepared.metadata, frameSize(prepared))
}

/** A file without metadata; an AVIF has its profile or its colour numbers already. */
async function encodePixels(
  prepared: Prepared,
  format: OutputFormat,
  settings: EncodeSettings,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const { original, stack, pageHeight, metadata } = prepared
  const isGrey = stack.isGrey && !isProfileOfColours(metadata)
  const isJpegTiff = isJpegInTiff(format, settings)
  const isDeep = canHave16Bits(format) && !isJpegTiff
  const colourspace = colourspaceOf({ bits: isDeep ? stack.bits : 8, isGrey })
  const coloured = (pixels: Stack, framesHeight = pageHeight) => {
    const image = toSharp(pixels, framesHeight).timeout(timeoutOf(limits))
    const written = canBeTransparent(format) && !isJpegTiff ? image : image.flatten({ background: '#ffffff' })
    return written.toColourspace(colourspace)
  }
  if (format === 'jpeg' && !settings.progressive)
    return encodeBaseline(stack, strip => writeAs(coloured(strip), format, settings).toBuffer())
  if (isJpegTiff && !isLeftToSharp(settings)) {
    const encodeStrip = (strip: Stack) => writeAs(coloured(strip, strip.height), 'jpeg', settings).toBuffer()
    const pages: Uint8Array[] = []
    for (const page of stripsOf(stack, frameSize(prepared).height))
      pages.push(await encodeJpegPage(page, encodeStrip))
    return joinPages(pages)
  }
  if (format === 'avif') {
    const { colour, icc } = metadata
    const avif = await writeAs(icc ? await carrying(icc) : coloured(stack), format, settings).toBuffer()
    return colour?.numbers ? signAvif(avif, colour.numbers) : avif
  }
  const writeOnePng = (image: Sharp, filtersRows: boolean) =>
    writePng(image, { ...settings, filtersRows }, { bits: stack.bits, hasGreyAlpha: stack.channels === 2 })
  if (format === 'png' && pageHeight !== undefined) {
    const encoders = [false, true].map(
      filtersRows => async (frame: Stack) =>
        (await writeOnePng(coloured(frame, frame.height), filtersRows)).data,
    )
    return writeAnimation(stack, pageHeight, settings, encoders)
  }
  if (format === 'png') {
    const write = (filtersRows: boolean) => writeOnePng(coloured(stack), filtersRows)
    return (await filterIfSmaller(write, original)).data
  }
  const hasAlpha = stack.channels % 2 === 0
  const bytes = await writeDelays(settings, format, async delay => {
    const written = await writeAs(coloured(stack), format, { ...settings, delay }).toBuffer()
    if (format !== 'webp' || pageHeight === undefined || !hasAlpha || settings.lossless) return written
    return replaceBlended(written, stripsOf(stack, pageHeight), delay.map(delayOfLibvips), (frame, part) =>
      writeAs(coloured(frame, frame.height).extract(part), format, { ...settings, delay: [] }).toBuffer(),
    )
  })
  if (format === 'webp' && hasAlpha) declareTransparency(bytes)
  return bytes

  /** sharp keeps the profile of its input, so the profile is attached to an uncompressed PNG first. */
  async function carrying(icc: Uint8Array): Promise<Sharp> {
    const png = await coloured(stack).png({ compressionLevel: 0 }).toBuffer()
    const tagged = attachMetadata(png, 'png', { icc }, frameSize(prepared))
    return sharp(tagged, { limitInputPixels: false }).toColourspace(colourspace).keepIccProfile()
  }
}

function isJpegInTiff(format: OutputFormat, { compression }: EncodeSettings): boolean {
  return format === 'tiff' && compression !== 'deflate'
}

/** From a quality of 90 on, sharp doesn't convert the colours of a JPEG inside a TIFF. */
function isLeftToSharp({ compression, quality }: EncodeSettings): boolean {
  return compression === 'rgb jpeg' && quality >= 90
}

function frameSize({ stack, pageHeight }: Prepared): Size {
  return { width: stack.width, height: pageHeight ?? stack.height }
}
