import type { OutputFormat } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Sharp } from 'sharp'
import type { ColourSignal } from './colour/colour-signal.ts'
import type { Exif } from './metadata/exif.ts'
import type { Resolution } from './metadata/resolution.ts'

/**
 * Pixels of one frame: rows from the top, samples interleaved, no padding. 16-bit samples are in the order of
 * this machine. Grey with transparency has four channels, the first three alike.
 */
export interface Raster {
  data: Uint8Array
  width: number
  height: number
  channels: 1 | 3 | 4
  bits: 8 | 16
  isGrey: boolean
}

/** An image unpacked: all frames of one size, and what is known of it beside its pixels. */
export interface Picture {
  frames: Raster[]
  /** Of each frame, in milliseconds; empty for what isn't an animation. */
  delays: number[]
  /** How often an animation runs; 0 is for ever. */
  loop: number
  metadata: CarriedMetadata
}

/** What is attached to an image beside its pixels, of what tells of the picture; sizes in it may be another's still. */
export interface CarriedMetadata {
  icc?: Uint8Array
  /** What isn't sRGB, where no profile says it. */
  colour?: ColourSignal
  exif?: Exif
  xmp?: string
  /** IIM datasets. */
  iptc?: Uint8Array
  resolution?: Resolution
}

/** What operations do to the places of pixels. */
export interface Geometry {
  /** Whether a pixel may be elsewhere afterwards. */
  movesPixels: boolean
  /** Whether rows become columns. */
  swapsAxes: boolean
}

export const unmoved: Geometry = { movesPixels: false, swapsAxes: false }

/** The size of one frame after it is turned as EXIF's orientation says. */
export function uprightSize({
  width,
  height,
  orientation,
}: Pick<ImageHeader, 'width' | 'height' | 'orientation'>): Pick<Raster, 'width' | 'height'> {
  return orientation >= 5 ? { width: height, height: width } : { width, height }
}

export interface Output {
  format: OutputFormat
  /** Whether the format is to be chosen by what the image is. */
  isChosen?: boolean
  quality?: number | undefined
  /** As the original is, unless told. */
  lossless?: boolean
  metadata: 'strip' | 'keep'
}

/** Samples as an array of their own width, on the same memory; never a Buffer, whose slices are no copies. */
export function samplesOf({ data, bits }: Pick<Raster, 'data' | 'bits'>): Uint8Array | Uint16Array {
  if (bits === 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const isAligned = data.byteOffset % 2 === 0
  const bytes = isAligned ? data : Uint8Array.from(data)
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
}

/** No smaller piece of memory is given back by itself: it may be a part of one that others use. */
const minReleasedBytes = 1024 * 1024

/**
 * Gives the memory of a raster back that isn't needed any more. The collector would, too, but only when several have
 * gathered, and one image after the other would be unpacked into memory that the system has to clear first.
 */
export function release({ data: { buffer } }: Raster): void {
  const isReleasable = buffer instanceof ArrayBuffer && !buffer.detached
  if (isReleasable && buffer.byteLength >= minReleasedBytes) buffer.transfer(0)
}

/** The raster as sharp's input; two channels are grey and alpha. */
export function toSharp(
  raster: Omit<Raster, 'channels'> & { channels: 1 | 2 | 3 | 4 },
  pageHeight?: number,
): Sharp {
  const { width, height, channels } = raster
  return sharp(samplesOf(raster), {
    raw: { width, height, channels, ...(pageHeight !== undefined && { pageHeight }) },
    limitInputPixels: false, // checked before it was unpacked
  })
}

/** The name that sharp gives to samples of so many bits. */
export function depthOf({ bits }: Pick<Raster, 'bits'>): 'uchar' | 'ushort' {
  return bits === 16 ? 'ushort' : 'uchar'
}

/** The name that sharp gives to the colours of such pixels. */
export function colourspaceOf({
  bits,
  isGrey,
}: Pick<Raster, 'bits' | 'isGrey'>): 'b-w' | 'grey16' | 'srgb' | 'rgb16' {
  if (isGrey) return bits === 16 ? 'grey16' : 'b-w'
  return bits === 16 ? 'rgb16' : 'srgb'
}

/** Runs sharp on a raster; the result has its depth and is grey if it was. */
export async function throughSharp(raster: Raster, work: (image: Sharp) => Sharp): Promise<Raster> {
  const { bits, channels, isGrey } = raster
  // Grey with transparency travels as colour: sharp's raw output of grey knows no transparency.
  const colourspace = colourspaceOf({ bits, isGrey: channels === 1 })
  const { data, info } = await work(toSharp(raster))
    .toColourspace(colourspace)
    .raw({ depth: depthOf(raster) })
    .toBuffer({ resolveWithObject: true })
  return {
    data,
    width: info.width,
    height: info.height,
    channels: info.channels as Raster['channels'],
    bits,
    isGrey,
  }
}

/** Frames one below the other, as one raster: a copy, unless they still are parts of one piece of memory. */
export function joinFrames(frames: readonly Raster[]): Raster {
  const [first] = frames as [Raster]
  return { ...first, data: join(frames), height: first.height * frames.length }
}

function join(frames: readonly Raster[]): Uint8Array {
  const [first] = frames as [Raster]
  const bytes = frames.reduce((sum, { data }) => sum + data.length, 0)
  let end = first.data.byteOffset
  const isOnePiece = frames.every(({ data }) => {
    const follows = data.buffer === first.data.buffer && data.byteOffset === end
    end += data.length
    return follows
  })
  if (isOnePiece) return new Uint8Array(first.data.buffer, first.data.byteOffset, bytes)
  return Buffer.concat(frames.map(({ data }) => data))
}

/** The frames that stand one below the other in a raster, on its memory. */
export function cutFrames(stack: Raster, height: number): Raster[] {
  const frameBytes = (stack.data.length / stack.height) * height
  return Array.from({ length: stack.height / height }, (_, index) => ({
    ...stack,
    height,
    data: stack.data.subarray(index * frameBytes, (index + 1) * frameBytes),
  }))
}

/** A raster of four channels, changed in place, with the transparency that another of its size has. */
export function withAlphaOf(original: Raster, raster: Raster): Raster {
  const [from, to] = [samplesOf(original), samplesOf(raster)]
  for (let at = 3; at < to.length; at += 4) to[at] = from[at] ?? 0
  return { ...raster, data: new Uint8Array(to.buffer, to.byteOffset, to.byteLength) }
}

/** The raster with transparency: a fourth channel, wholly opaque where it had none. */
export function withAlpha(raster: Raster): Raster {
  const { channels, bits } = raster
  if (channels === 4) return raster
  const from = samplesOf(raster)
  const pixels = from.length / channels
  const to = bits === 16 ? new Uint16Array(4 * pixels) : new Uint8Array(4 * pixels)
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2]
  const most = 2 ** bits - 1
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    to[4 * pixel] = from[at] as number
    to[4 * pixel + 1] = from[at + green] as number
    to[4 * pixel + 2] = from[at + blue] as number
    to[4 * pixel + 3] = most
  }
  return { ...raster, data: new Uint8Array(to.buffer), channels: 4 }
}

/** The raster in colour, for what colours it. */
export function asColour(raster: Raster): Raster {
  if (raster.channels !== 1) return { ...raster, isGrey: false }
  const grey = samplesOf(raster)
  const samples = raster.bits === 16 ? new Uint16Array(3 * grey.length) : new Uint8Array(3 * grey.length)
  for (let pixel = 0; pixel < grey.length; pixel++) samples.fill(grey[pixel] ?? 0, 3 * pixel, 3 * pixel + 3)
  return { ...raster, data: new Uint8Array(samples.buffer), channels: 3, isGrey: false }
}

/**
 * Runs sharp on a raster where it uncovers what is to be white, or transparent. sharp's white is 0xff00 of 16 bits,
 * but its black is black: deep samples without transparency go through as a negative.
 */
export async function throughSharpOnWhite(
  raster: Raster,
  work: (image: Sharp, background: string) => Sharp,
): Promise<Raster> {
  if (raster.channels === 4) return throughSharp(raster, image => work(image, 'rgba(0, 0, 0, 0)'))
  if (raster.bits === 8) return throughSharp(raster, image => work(image, '#ffffff'))
  return negative(await throughSharp(negative(raster), image => work(image, '#000000')))
}

function negative(raster: Raster): Raster {
  const samples = samplesOf(raster).map(sample => 65_535 - sample)
  return { ...raster, data: new Uint8Array(samples.buffer) }
}
