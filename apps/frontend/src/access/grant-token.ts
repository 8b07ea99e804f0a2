import { signText, verifyText } from './signed-text.ts'

interface GrantTerms {
  /** The last 12 digits of the id of each image that is uploaded with the grant. */
  id: string
  /** The key that created the grant; undefined if the frontend was open. */
  keyId: string | undefined
  /** In seconds since 1970. */
  expiresAt: number
}

const prefix = 'dg_'
const nobody = 'open'

export function isGrantToken(bearer: string): boolean {
  return bearer.startsWith(prefix)
}

/** `dg_<id>.<key id>.<end>.<signature>` */
export function grantToken({ id, keyId = nobody, expiresAt }: GrantTerms, key: Buffer): string {
  return `${prefix}${signText(`${id}.${keyId}.${expiresAt}`, key)}`
}

/** Undefined if the token is not valid. The grant may have expired. */
export function readGrantToken(token: string, key: Buffer): GrantTerms | undefined {
  const match = /^([0-9a-f]{12})\.(open|[0-9A-Za-z]{12})\.(\d{1,12})$/.exec(
    verifyText(token.slice(prefix.length), key) ?? '',
  )
  if (!match) return undefined
  const [, id = '', keyId = '', end = ''] = match
  return { id, keyId: keyId === nobody ? undefined : keyId, expiresAt: Number(end) }
}
