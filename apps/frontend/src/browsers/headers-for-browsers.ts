import type { IncomingHttpHeaders } from 'node:http'
import { corsHeaders } from './cross-origin.ts'

/** Only files of this server, and nothing inline, so that an uploaded file can't run as one of our pages. */
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
 * The headers of every response. Responses show a state that changes, and often need a key, so no cache may keep them;
 * routes whose responses may be kept replace that header. Strict-Transport-Security is left to the proxy that terminates
 * TLS: it would be wrong over plain HTTP, and Darkroom can't find out whether all names of the host have certificates.
 */
const headersOfAll = {
  'cache-control': 'no-store',
  'content-security-policy': contentPolicy,
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: with it, browsers send `Origin: null` with forms.
  'referrer-policy': 'same-origin',
}

export function headersForBrowsers(
  otherOrigins: ReadonlySet<string>,
): (headers: IncomingHttpHeaders) => Record<string, string> {
  if (otherOrigins.size === 0) return () => headersOfAll
  return ({ origin }) => ({ ...headersOfAll, ...corsHeaders(otherOrigins, origin) })
}
