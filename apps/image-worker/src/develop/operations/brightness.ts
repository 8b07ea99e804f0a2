import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'brightness'> = {
  place: 'modulate',
  write: (image, { factor }) => image.modulate({ brightness: factor }),
}

export const brightness = onColours<'brightness'>(throughEffect(effect), effect)
