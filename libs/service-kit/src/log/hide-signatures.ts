/** The letters of "signed", each also percent-encoded: the router decodes them. */
const signed = [...'signed'].map(letter => `(?:${letter}|%${letter.charCodeAt(0).toString(16)})`).join('')
const signature = new RegExp(`(/${signed}/+)[^/?#\\s"']+`, 'gi')

/** Removes the signature of a signed link from a path or a text, because readers could open the image with it. */
export function hideSignatures(text: string): string {
  return text.replace(signature, '$1…')
}
