/** The key for which something was signed, and its end. */
export interface SignedTerms {
  /** Undefined if the frontend was open. */
  keyId: string | undefined
  /** In seconds since 1970. */
  expiresAt: number
}

const nobody = 'open'

/** `<key id>.<end>` */
export function writeTerms({ keyId = nobody, expiresAt }: SignedTerms): string {
  return `${keyId}.${expiresAt}`
}

export function readTerms(text: string): SignedTerms | undefined {
  const [match, keyId = '', end = ''] = /^(open|[0-9A-Za-z]{12})\.(\d{1,12})$/.exec(text) ?? []
  if (match === undefined) return undefined
  return { keyId: keyId === nobody ? undefined : keyId, expiresAt: Number(end) }
}
