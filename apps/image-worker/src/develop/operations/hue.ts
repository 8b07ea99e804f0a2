import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'hue'> = {
  place: 'modulate',
  write: (image, { angle }) => image.modulate({ hue: (angle + 360) % 360 }),
}

export const hue = onColours<'hue'>(throughEffect(effect), effect)
