import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'saturation'> = {
  place: 'modulate',
  write: (image, { factor }) => image.modulate({ saturation: factor }),
}

export const saturation = onColours<'saturation'>(throughEffect(effect), effect)
