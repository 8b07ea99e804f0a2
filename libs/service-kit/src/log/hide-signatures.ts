/** The letters of "signed", each also percent-encoded: the router decodes them. */
const signed = [...'signed'].map(letter => `(?:${letter}|%${letter.charCodeAt(0).toString(16)})`).join('')
const signature = new RegExp(`(/${signed}/+)[^/?#\\s"']+`, 'gi')

/** A path, or a text that quotes a path, without the signature of a signed link, which opens the image to its reader. */
export function hideSignatures(text: string): string {
  return text.replace(signature, '$1…')
}
