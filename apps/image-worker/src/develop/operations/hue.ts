import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'hue'> = {
  place: 'modulate',
  // sharp takes whole degrees.
  write: (image, { angle }) => image.modulate({ hue: (Math.round(angle) + 360) % 360 }),
}

export const hue = onColours<'hue'>(throughEffect(effect), effect)
