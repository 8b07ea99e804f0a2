import type { Size } from '../../permute/rectangle.ts'
import { asColour, type Raster, samplesOf, withAlpha } from './raster.ts'

/** Red, green, blue and opacity, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number, opacity: number]

const transparent: Colour = [0, 0, 0, 0]
const white: Colour = [255, 255, 255, 255]

/** The fill for an area that an operation uncovers, unless the operation names a colour. */
export function usualBackground({ channels }: Pick<Raster, 'channels'>): Colour {
  return channels === 4 ? transparent : white
}

/** A colour as operations write it: `transparent`, or red, green, blue and optionally opacity in hex. */
export function colourOf(name: string): Colour {
  if (name === 'transparent') return transparent
  const [red = 0, green = 0, blue = 0, opacity = 255] = Buffer.from(name, 'hex')
  return [red, green, blue, opacity]
}

/** Whether a grey image with an area of this colour is no longer grey. */
export function isColoured(name: string | undefined): boolean {
  return name !== undefined && !isGrey(colourOf(name))
}

export function isOpaque(name: string | undefined): boolean {
  return name === undefined || colourOf(name)[3] === 255
}

/** Whether the samples of a colour depend on the transfer curve. They do for all but white, black and transparent. */
export function dependsOnSpacing(name: string | undefined): boolean {
  if (name === undefined) return false
  const [red, green, blue, opacity] = colourOf(name)
  return opacity > 0 && [red, green, blue].some(level => level % 255 !== 0)
}

/** Makes a raster able to hold the colour: a grey raster gets colour and an opaque raster gets transparency, if needed. */
export function asKindFor(raster: Raster, colour: Colour): Raster {
  const coloured = raster.isGrey && !isGrey(colour) ? asColour(raster) : raster
  return colour[3] < 255 ? withAlpha(coloured) : coloured
}

function isGrey([red, green, blue, opacity]: Colour): boolean {
  return opacity === 0 || (red === green && green === blue)
}

/** The colour as one pixel of a raster that can hold it. */
export function pixelOf(colour: Colour, { channels, bits }: Pick<Raster, 'channels' | 'bits'>): number[] {
  const scale = bits === 16 ? 257 : 1
  return colour.slice(0, channels).map(level => level * scale)
}

/** A raster of one colour, of the same kind as another. */
export function filled(
  colour: Colour,
  kind: Pick<Raster, 'channels' | 'bits' | 'isGrey'>,
  { width, height }: Size,
): Raster {
  const { channels, bits, isGrey } = kind
  const pixel = pixelOf(colour, kind)
  const pattern = new Uint8Array((bits === 16 ? Uint16Array : Uint8Array).from(pixel).buffer)
  const data = new Uint8Array(width * height * pattern.length)
  data.set(pattern)
  // Each copy doubles the filled part.
  for (let end = pattern.length; end < data.length; end *= 2) data.copyWithin(end, 0, end)
  return { data, width, height, channels, bits, isGrey }
}

/** Copies a raster into a larger one of the same kind, in place. */
export function paste(raster: Raster, onto: Raster, { left, top }: { left: number; top: number }): void {
  const [from, to] = [samplesOf(raster), samplesOf(onto)]
  const row = raster.width * raster.channels
  for (let y = 0; y < raster.height; y++) {
    const at = ((top + y) * onto.width + left) * onto.channels
    to.set(from.subarray(y * row, (y + 1) * row), at)
  }
}
