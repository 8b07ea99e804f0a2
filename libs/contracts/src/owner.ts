import { Type } from './typebox/typebox.js'

/**
 * The owner of an image: the name of the API key that uploaded it. Images without an owner belong to the operators:
 * those from before keys were used, and those of a Darkroom without keys.
 */
export const Owner = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'At most 64 letters, digits and . _ @ + -, the first a letter or a digit',
})
