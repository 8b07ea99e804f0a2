import { readTerms, type SignedTerms, writeTerms } from './signed-terms.ts'
import { isSignatureOf, signatureOf } from './signed-text.ts'

/**
 * The path after the base of all links: `/signed/<key id>.<end>.<signature>/<path of the bytes>`. The signature is in the
 * path, because some caches ignore the query.
 */
export function signedPath(bytesPath: string, terms: SignedTerms, key: Buffer): string {
  const text = writeTerms(terms)
  return `/signed/${text}.${signatureOf(`${text}/${bytesPath}`, key)}/${bytesPath}`
}

/** Undefined if the signature is not valid for these bytes. The link may have expired. */
export function readSignature(signature: string, bytesPath: string, key: Buffer): SignedTerms | undefined {
  const [, text = '', given = ''] = /^(.*)\.([\w-]+)$/.exec(signature) ?? []
  return isSignatureOf(given, `${text}/${bytesPath}`, key) ? readTerms(text) : undefined
}
