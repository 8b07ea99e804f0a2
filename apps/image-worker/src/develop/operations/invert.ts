import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'invert'> = {
  place: 'negate',
  write: image => image.negate({ alpha: false }),
}

export const invert = onColours<'invert'>(throughEffect(effect), effect)
