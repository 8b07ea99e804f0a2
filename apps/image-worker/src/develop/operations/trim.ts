import type { OperationNamed } from '@darkroom/contracts'
import type { Rectangle } from '../../permute/rectangle.ts'
import { type Raster, samplesOf } from '../raster/raster.ts'
import { cutOut } from './crop.ts'
import { eachFrame, type OperationKind, onPlaces } from './operation-kind.ts'

export const trim: OperationKind<'trim'> = { ...onPlaces<'trim'>(frame => frame), apply, isSizeOpen: true }

/** Cuts all frames to the same part: the smallest that contains the visible part of every frame. */
async function apply(frames: Raster[], operation: OperationNamed<'trim'>): Promise<Raster[]> {
  const shown = frames.map(frame => shownPart(frame, operation.threshold)).filter(part => part !== undefined)
  const [first] = frames as [Raster]
  if (shown.length === 0) return frames
  const left = Math.min(...shown.map(part => part.left))
  const top = Math.min(...shown.map(part => part.top))
  const width = Math.max(...shown.map(part => part.left + part.width)) - left
  const height = Math.max(...shown.map(part => part.top + part.height)) - top
  if (width === first.width && height === first.height) return frames
  return eachFrame<'trim'>(frame => cutOut(frame, { left, top, width, height }))(frames, operation)
}

/** The rectangle around all pixels that differ from the first; undefined if all are alike. */
function shownPart(frame: Raster, threshold: number): Rectangle | undefined {
  const { width, height } = frame
  const differs = differenceFromFirst(frame, threshold)
  const isShown = (y: number) => {
    for (let x = 0; x < width; x++) if (differs(x, y)) return true
    return false
  }
  let top = 0
  while (top < height && !isShown(top)) top++
  if (top === height) return undefined
  let bottom = height - 1
  while (!isShown(bottom)) bottom--
  let [left, right] = [width, -1]
  for (let y = top; y <= bottom; y++) {
    for (let x = 0; x < left; x++) if (differs(x, y)) left = x
    for (let x = width - 1; x > right; x--) if (differs(x, y)) right = x
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 }
}

/**
 * Whether a pixel differs from the first: in colour, weighted by opacity, or in transparency. The threshold is out of
 * 255.
 */
function differenceFromFirst(frame: Raster, threshold: number): (x: number, y: number) => boolean {
  const { width, channels, bits } = frame
  const samples = samplesOf(frame)
  const most = 2 ** bits - 1
  const allowed = (threshold * most) / 255
  const seen = (at: number, channel: number) => {
    const sample = samples[at + channel] as number
    return channels === 4 && channel < 3 ? (sample * (samples[at + 3] as number)) / most : sample
  }
  const first = Array.from({ length: channels }, (_, channel) => seen(0, channel))
  return (x, y) => {
    const at = (y * width + x) * channels
    for (let channel = 0; channel < channels; channel++) {
      if (Math.abs(seen(at, channel) - (first[channel] as number)) > allowed) return true
    }
    return false
  }
}
