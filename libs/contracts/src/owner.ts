import { Type } from './typebox/typebox.js'

/**
 * Whose an image is: a name that API keys carry. What has none belongs to the operators: images of the time before
 * keys, and those of a Darkroom that is open.
 */
export const Owner = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'At most 64 letters, digits and . _ @ + -, the first a letter or a digit',
})
