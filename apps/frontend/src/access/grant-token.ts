import { readTerms, type SignedTerms, writeTerms } from './signed-terms.ts'
import { signText, verifyText } from './signed-text.ts'

interface GrantTerms extends SignedTerms {
  /** The last 12 digits of the id of each image that is uploaded with the grant. */
  id: string
}

const prefix = 'dg_'

export function isGrantToken(bearer: string): boolean {
  return bearer.startsWith(prefix)
}

/** `dg_<id>.<key id>.<end>.<signature>` */
export function grantToken({ id, ...terms }: GrantTerms, key: Buffer): string {
  return `${prefix}${signText(`${id}.${writeTerms(terms)}`, key)}`
}

/** Undefined if the token is not valid. The grant may have expired. */
export function readGrantToken(token: string, key: Buffer): GrantTerms | undefined {
  const text = verifyText(token.slice(prefix.length), key) ?? ''
  const [, id, rest = ''] = /^([0-9a-f]{12})\.(.*)$/.exec(text) ?? []
  const terms = readTerms(rest)
  return id === undefined || !terms ? undefined : { id, ...terms }
}
