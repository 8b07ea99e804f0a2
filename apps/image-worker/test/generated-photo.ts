import { photograph } from '@darkroom/testing'
import sharp, { type Sharp } from 'sharp'

/** A generated photograph, to be encoded by sharp. The same numbers give the same picture. */
export function generatedPhoto({ width, height, seed }: Parameters<typeof photograph>[0]): Sharp {
  return sharp(photograph({ width, height, seed }), { raw: { width, height, channels: 3 } })
}
