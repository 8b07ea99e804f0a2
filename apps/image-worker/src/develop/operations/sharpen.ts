import { withAlphaOf } from '../raster.ts'
import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'sharpen'> = { place: 'sharpen', write: (image, { sigma }) => image.sharpen({ sigma }) }
const apply = throughEffect(effect)

/** libvips keeps only eight bits of transparency. */
export const sharpen = onColours<'sharpen'>(async (frame, operation) => {
  const sharpened = await apply(frame, operation)
  return frame.channels === 4 && frame.bits === 16 ? withAlphaOf(frame, sharpened) : sharpened
}, effect)
