import type { OperationNamed } from '@darkroom/contracts'
import {
  cutFrames,
  joinFrames,
  type Raster,
  release,
  type Samples,
  samplesOf,
  withSamples,
} from '../raster/raster.ts'
import { type Effect, type OperationKind, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'normalise'> = { place: 'normalise', write: image => image.normalise() }
const change = throughEffect(effect)

export const normalise: OperationKind<'normalise'> = {
  ...onColours<'normalise'>(change, effect),
  /** Stretches all frames as one image: stretched one by one, they would flicker. */
  apply: async (frames, operation) => {
    const [{ height }] = frames as [Raster]
    const stack = joinFrames(frames)
    const isCopy = frames.every(({ data }) => data.buffer !== stack.data.buffer)
    if (isCopy) for (const frame of frames) release(frame)
    return cutFrames(await stretchVisible(stack, operation), height)
  },
}

/**
 * sharp finds the darkest and the lightest pixels without regard to transparency, and invisible pixels are mostly black.
 * So invisible pixels have the colours of visible pixels, evenly spread, while sharp works, and their own colours again
 * afterwards.
 */
async function stretchVisible(raster: Raster, operation: OperationNamed<'normalise'>): Promise<Raster> {
  const samples = samplesOf(raster)
  const invisible = raster.channels === 4 ? countInvisible(samples) : 0
  if (invisible === 0) return change(raster, operation)
  const visible = samples.length / 4 - invisible
  if (visible === 0) return raster
  const hidden = raster.bits === 16 ? new Uint16Array(3 * invisible) : new Uint8Array(3 * invisible)
  let next = nextVisible(samples, 0)
  for (let at = 0, count = 0, passed = 0; at < samples.length; at += 4) {
    if (samples[at + 3] !== 0) continue
    for (; passed < Math.floor((count * visible) / invisible); passed++) next = nextVisible(samples, next + 4)
    hidden.set(samples.subarray(at, at + 3), 3 * count)
    samples.copyWithin(at, next, next + 3)
    count += 1
  }
  const changed = await change(withSamples(raster, samples), operation)
  const stretched = samplesOf(changed)
  for (let at = 0, from = 0; at < stretched.length; at += 4) {
    if (stretched[at + 3] !== 0) continue
    stretched.set(hidden.subarray(from, from + 3), at)
    from += 3
  }
  return withSamples(changed, stretched)
}

function countInvisible(samples: Samples): number {
  let count = 0
  for (let at = 3; at < samples.length; at += 4) if (samples[at] === 0) count += 1
  return count
}

/** The position of the first visible pixel at or after another. */
function nextVisible(samples: Samples, from: number): number {
  let at = from
  while (samples[at + 3] === 0) at += 4
  return at
}
