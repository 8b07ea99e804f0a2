import { type Effect, onPixels, throughEffect } from './operation-kind.ts'

const effect: Effect<'blur'> = {
  place: 'blur',
  write: (image, { sigma }) => image.blur(sigma),
}

export const blur = onPixels<'blur'>(throughEffect(effect), effect)
