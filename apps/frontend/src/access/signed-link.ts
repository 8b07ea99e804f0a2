import { isSignatureOf, signatureOf } from './signed-text.ts'

/** The key and the end of a link. */
export interface LinkTerms {
  /** The key that created the link; undefined if the frontend was open. */
  keyId: string | undefined
  /** In seconds since 1970. */
  expiresAt: number
}

/**
 * The path after the base of all links: `/signed/<key id>.<end>.<signature>/<path of the bytes>`. The signature is in the
 * path, because some caches ignore the query.
 */
export function signedPath(bytesPath: string, terms: LinkTerms, key: Buffer): string {
  const text = textOf(terms)
  return `/signed/${text}.${signatureOf(`${text}/${bytesPath}`, key)}/${bytesPath}`
}

/** Undefined if the signature is not valid for these bytes. The link may have expired. */
export function readSignature(signature: string, bytesPath: string, key: Buffer): LinkTerms | undefined {
  const [, text = '', keyId = '', end = '', given = ''] = signaturePattern.exec(signature) ?? []
  if (!isSignatureOf(given, `${text}/${bytesPath}`, key)) return undefined
  return { keyId: keyId === nobody ? undefined : keyId, expiresAt: Number(end) }
}

const nobody = 'open'
const signaturePattern = /^((open|[0-9A-Za-z]{12})\.(\d{1,12}))\.([\w-]+)$/

function textOf({ keyId = nobody, expiresAt }: LinkTerms): string {
  return `${keyId}.${expiresAt}`
}
