import type { OperationNamed } from '@darkroom/contracts'
import type { Rectangle, Size } from '../../permute/rectangle.ts'
import { asKindFor, colourOf, dependsOnSpacing, isColoured, isOpaque, pixelOf } from '../raster/background.ts'
import { type Raster, type Samples, samplesOf, withSamples } from '../raster/raster.ts'
import { cutOut } from './crop.ts'
import { type OperationKind, onPlaces } from './operation-kind.ts'

export const round: OperationKind<'round'> = {
  ...onPlaces<'round'>(change, sizeAfter),
  makesColours: ({ background }) => dependsOnSpacing(background),
  coloursGrey: ({ background }) => isColoured(background),
  addsTransparency: ({ background = 'transparent' }) => !isOpaque(background),
  geometryOf: ({ circle = false }) => ({ movesPixels: circle, changesView: circle, swapsAxes: false }),
}

async function change(frame: Raster, operation: OperationNamed<'round'>): Promise<Raster> {
  const { background = 'transparent', circle, radius = Number.POSITIVE_INFINITY } = operation
  const square = circle ? middleSquare(frame) : undefined
  const cut = square && frame.width !== frame.height ? await cutOut(frame, square) : frame
  const colour = colourOf(background)
  const raster = asKindFor(cut, colour)
  const { width, height, channels } = raster
  const samples = samplesOf(raster)
  const blending = {
    channels,
    behind: pixelOf(colour, { ...raster, channels: 4 }),
    most: 2 ** raster.bits - 1,
  }
  const reach = Math.min(radius, width / 2, height / 2)
  const rows = Math.ceil(reach)
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < rows; x++) {
      const share = shareInside(reach, x, y)
      if (share === 1) continue
      for (const row of new Set([y, height - 1 - y]))
        for (const column of new Set([x, width - 1 - x]))
          blend(samples, (row * width + column) * channels, share, blending)
    }
  }
  return withSamples(raster, samples)
}

/** The share of a pixel that lies within the arc of the upper left corner, by the distance of its centre. */
function shareInside(reach: number, x: number, y: number): number {
  return Math.min(Math.max(reach + 0.5 - Math.hypot(reach - x - 0.5, reach - y - 0.5), 0), 1)
}

/** Blends this share of a pixel over the pixel behind it. Colours count by their opacity. */
function blend(
  samples: Samples,
  at: number,
  share: number,
  { channels, behind, most }: { channels: number; behind: readonly number[]; most: number },
): void {
  const over = share * (channels === 4 ? (samples[at + 3] as number) : most)
  const under = (1 - share) * (behind[3] as number)
  const opacity = over + under
  for (let channel = 0; channel < Math.min(channels, 3); channel++) {
    const mixed = over * (samples[at + channel] as number) + under * (behind[channel] as number)
    if (opacity > 0) samples[at + channel] = Math.round(mixed / opacity)
  }
  if (channels === 4) samples[at + 3] = Math.round(opacity)
}

function middleSquare({ width, height }: Size): Rectangle {
  const side = Math.min(width, height)
  return {
    left: Math.floor((width - side) / 2),
    top: Math.floor((height - side) / 2),
    width: side,
    height: side,
  }
}

function sizeAfter(size: Size, { circle }: OperationNamed<'round'>): Size {
  if (!circle) return size
  const { width, height } = middleSquare(size)
  return { width, height }
}
