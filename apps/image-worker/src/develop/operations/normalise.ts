import { cutFrames, joinFrames, type Raster, release } from '../raster.ts'
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
    return cutFrames(await change(stack, operation), height)
  },
}
