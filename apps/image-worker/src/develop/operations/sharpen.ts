import { throughSharp, withAlphaOf } from '../raster.ts'
import { onColours } from './operation-kind.ts'

/** libvips keeps eight bits of transparency only. */
export const sharpen = onColours<'sharpen'>(async (frame, { sigma }) => {
  const sharpened = await throughSharp(frame, image => image.sharpen({ sigma }))
  return frame.channels === 4 && frame.bits === 16 ? withAlphaOf(frame, sharpened) : sharpened
})
