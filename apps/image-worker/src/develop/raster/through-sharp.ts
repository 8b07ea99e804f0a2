import sharp, { type Sharp } from 'sharp'
import { type Raster, samplesOf, withSamples } from './raster.ts'

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

/** sharp's name for samples of this many bits. */
export function depthOf({ bits }: Pick<Raster, 'bits'>): 'uchar' | 'ushort' {
  return bits === 16 ? 'ushort' : 'uchar'
}

/** sharp's name for the colours of such pixels. */
export function colourspaceOf({
  bits,
  isGrey,
}: Pick<Raster, 'bits' | 'isGrey'>): 'b-w' | 'grey16' | 'srgb' | 'rgb16' {
  if (isGrey) return bits === 16 ? 'grey16' : 'b-w'
  return bits === 16 ? 'rgb16' : 'srgb'
}

/** Runs sharp on a raster. The result has the same depth, and is grey if the raster was. */
export async function throughSharp(raster: Raster, work: (image: Sharp) => Sharp): Promise<Raster> {
  const { bits, channels, isGrey } = raster
  // Grey with transparency is processed as colour, because sharp's raw grey output can't have transparency.
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

/**
 * Runs sharp on a raster for operations that uncover an area, which becomes white or transparent. sharp's white is
 * 0xff00 in 16 bits, but its black is exact, so deep samples without transparency are processed as a negative.
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
  return withSamples(
    raster,
    samplesOf(raster).map(sample => 65_535 - sample),
  )
}
