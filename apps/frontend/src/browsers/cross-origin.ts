import { type App, InvalidConfig } from '@darkroom/service-kit'
import { splitList } from '../split-list.ts'

/** The headers that pages of other origins may read, besides the headers that browsers always show. */
const exposedHeaders = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Limit',
  'RateLimit-Policy',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Repr-Digest',
  'Retry-After',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Defer-Length',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'WWW-Authenticate',
].join(', ')

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'
/** Chromium keeps the response to a preflight for at most two hours, other browsers for longer. */
const preflightSeconds = '7200'

/**
 * Reads origins separated by commas, and writes them as browsers do. Apps in a WebView have their own schemes
 * (capacitor://localhost).
 *
 * @throws InvalidConfig for a text that is not an origin
 */
export function readOrigins(list: string): Set<string> {
  return new Set(splitList(list).map(readOrigin))
}

function readOrigin(text: string): string {
  const url = URL.parse(text)
  const isOrigin = url && url.host !== '' && /^\/?$/.test(url.pathname) && !/[?#@*]/.test(text)
  if (isOrigin) return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin
  throw new InvalidConfig([
    `CORS_ORIGINS must be origins (scheme, host and port, without a path), such as https://shop.example, separated by commas; got "${text}"`,
  ])
}

/**
 * The headers that let pages of these origins read a response. Cookies are not allowed: such pages send an API key or a
 * grant.
 */
export function corsHeaders(
  otherOrigins: ReadonlySet<string>,
  origin: string | undefined,
): Record<string, string> {
  const vary = { vary: 'Origin' } // a cache must not give one page the response for another
  if (origin === undefined || !otherOrigins.has(origin)) return vary
  return {
    ...vary,
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
  }
}

/** Answers preflight requests, which browsers send before a request of another origin (WHATWG Fetch, 4.8). */
export function answerPreflights(app: App, otherOrigins: ReadonlySet<string>): void {
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    const { origin, 'access-control-request-method': asked } = headers
    if (method !== 'OPTIONS' || asked === undefined || origin === undefined) return
    if (!otherOrigins.has(origin)) return
    const askedHeaders = headers['access-control-request-headers']
    reply.headers({
      'access-control-allow-methods': allowedMethods,
      // All requested headers are allowed: tracing adds headers, and the pages of these origins are trusted.
      ...(askedHeaders !== undefined && { 'access-control-allow-headers': askedHeaders }),
      'access-control-max-age': preflightSeconds,
      vary: 'Origin, Access-Control-Request-Headers',
    })
    return reply.code(204).send()
  })
}
