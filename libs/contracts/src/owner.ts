import { patternInWords } from './broken-rule.ts'
import { Type } from './typebox/typebox.js'

/**
 * The owner of an image, as given by the API key that uploaded it. Images that were uploaded without a key have no
 * owner and belong to the operators.
 */
export const Owner = Type.String(
  patternInWords(
    '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
    'at most 64 letters, digits and . _ @ + -, the first a letter or a digit',
  ),
)

/** The owner as a part of a key of kv-config. No owner is called _. */
export function ownerInKey(owner: string | undefined): string {
  return owner ?? '_'
}
