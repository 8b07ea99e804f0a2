import { readTerms, writeTerms } from './signed-terms.ts'
import { signText, verifyText } from './signed-text.ts'

/** Browsers accept the secure name only over https, and only for this host (RFC 6265bis, 4.1.3.2). */
const names = { secure: '__Host-darkroom', plain: 'darkroom' } as const
const lifetimeSeconds = 7 * 86_400

interface SessionToken {
  keyId: string
  /** In seconds since 1970. */
  expiresAt: number
}

/** The token of a new session; its text is `<key id>.<end>.<signature>`. */
export function beginSession(
  keyId: string,
  key: Buffer,
  now = Date.now(),
): { token: string; expiresAt: number } {
  const expiresAt = Math.floor(now / 1000) + lifetimeSeconds
  return { token: signText(writeTerms({ keyId, expiresAt }), key), expiresAt }
}

/** Undefined if the token is not valid, or its session is over. */
export function readSession(token: string, key: Buffer, now = Date.now()): SessionToken | undefined {
  const { keyId, expiresAt = 0 } = readTerms(verifyText(token, key) ?? '') ?? {}
  return keyId !== undefined && expiresAt * 1000 > now ? { keyId, expiresAt } : undefined
}

/** The token in a Cookie header. In a request over https, only the cookie that can be set over https counts. */
export function sessionTokenIn(cookie: string | undefined, isSecure: boolean): string | undefined {
  if (cookie === undefined) return undefined
  const found = new Map(
    cookie.split(';').map(pair => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const
    }),
  )
  return found.get(names.secure) ?? (isSecure ? undefined : found.get(names.plain))
}

/** The header that sets the cookie. Over plain http, browsers refuse a cookie with `Secure`, except on localhost. */
export function setSessionCookie(token: string, isSecure: boolean): string {
  const name = isSecure ? names.secure : names.plain
  return `${name}=${token}; Path=/; Max-Age=${lifetimeSeconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

export function removeSessionCookies(): string[] {
  return [
    `${names.secure}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure`,
    `${names.plain}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`,
  ]
}
