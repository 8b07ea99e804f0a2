import type { IncomingHttpHeaders } from 'node:http'
import { corsHeaders } from './cross-origin.ts'

/** Everything comes from here, and nothing inline: what a stranger uploads can't run as a page of ours. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The headers that tell browsers what an answer may do. Strict-Transport-Security is left to the proxy that ends TLS: on
 * plain http it would be wrong, and only the proxy knows that all names of the host have certificates.
 */
const securityHeaders = {
  'content-security-policy': contentPolicy,
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: with it, browsers send `Origin: null` with forms.
  'referrer-policy': 'same-origin',
}

export function headersForBrowsers(
  otherOrigins: ReadonlySet<string>,
): (headers: IncomingHttpHeaders) => Record<string, string> {
  if (otherOrigins.size === 0) return () => securityHeaders
  return ({ origin }) => ({ ...securityHeaders, ...corsHeaders(otherOrigins, origin) })
}
