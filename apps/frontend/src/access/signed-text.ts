import { createHmac, timingSafeEqual } from 'node:crypto'

/** Appends a signature (HMAC with SHA-256): `<text>.<signature in base64url>`. */
export function signText(text: string, key: Buffer): string {
  return `${text}.${signatureOf(text, key)}`
}

/** The text of a signed text; undefined if the signature is not valid for this key. */
export function verifyText(signed: string, key: Buffer): string | undefined {
  const end = signed.lastIndexOf('.')
  const text = signed.slice(0, Math.max(end, 0))
  return isSignatureOf(signed.slice(end + 1), text, key) ? text : undefined
}

export function signatureOf(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

export function isSignatureOf(given: string, text: string, key: Buffer): boolean {
  const right = Buffer.from(signatureOf(text, key))
  const theirs = Buffer.from(given)
  return theirs.length === right.length && timingSafeEqual(theirs, right)
}
