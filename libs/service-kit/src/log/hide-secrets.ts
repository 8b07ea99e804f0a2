/** The letters of "signed", each also percent-encoded: the router decodes them. */
const signed = [...'signed'].map(letter => `(?:${letter}|%${letter.charCodeAt(0).toString(16)})`).join('')
const link = new RegExp(`(/${signed}/+)[^/?#\\s"']+`, 'gi')
/** The signature of a link, a grant or a session: 43 characters of base64url after the time of its end. */
const signature = /(\.\d{1,12}\.)[\w-]{43}/g
/** An API key without its id, which is not secret. */
const key = /(dk_[0-9A-Za-z]{12}_)[0-9A-Za-z]{16,}/g

/** Removes signatures and API keys from a path or a text, because its readers could use them. */
export function hideSecrets(text: string): string {
  return text.replace(link, '$1…').replace(signature, '$1…').replace(key, '$1…')
}
