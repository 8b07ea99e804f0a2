import { labOf, lightnessOf, srgbOf } from '../colour/lab.ts'
import type { Vector } from '../colour/srgb.ts'
import { asColour, type Raster, samplesOf, withSamples } from '../raster/raster.ts'
import { toGrey } from './greyscale.ts'
import { type Effect, type OperationKind, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'tint'> = { place: 'tint', write: (image, { color }) => image.tint(`#${color}`) }
const apply = throughEffect(effect)

/** sharp tints with a table of 256 levels, so deeper samples use a table of their own. */
export const tint: OperationKind<'tint'> = {
  ...onColours<'tint'>(
    (frame, operation) =>
      frame.bits === 8 ? apply(asColour(frame), operation) : tintDeep(frame, operation.color),
    effect,
  ),
  coloursGrey: () => true,
}

const most = 65_535

/** Transparency stays. */
async function tintDeep(frame: Raster, color: string): Promise<Raster> {
  const tinted = asColour(await toGrey(frame))
  const samples = samplesOf(tinted)
  const table = tableFor(color)
  for (let at = 0; at < samples.length; at += tinted.channels) {
    const level = 3 * (samples[at] ?? 0)
    for (let channel = 0; channel < 3; channel++) samples[at + channel] = table[level + channel] ?? 0
  }
  return withSamples(tinted, samples)
}

/**
 * Red, green and blue for every level of grey, as in sharp: tinted most in the midtones, and not at all in black and white.
 */
function tableFor(color: string): Uint16Array {
  const rgb = [0, 2, 4].map(at => Number.parseInt(color.slice(at, at + 2), 16) / 255)
  const [, a, b] = labOf(rgb as unknown as Vector)
  const table = new Uint16Array(3 * (most + 1))
  for (let level = 0; level <= most; level++) {
    const lightness = lightnessOf(level / most)
    const weight = 1 - 4 * (lightness / 100 - 0.5) ** 2
    const tinted = srgbOf([lightness, weight * a, weight * b])
    for (let channel = 0; channel < 3; channel++)
      table[3 * level + channel] = Math.round((tinted[channel] ?? 0) * most)
  }
  return table
}
