import { namesCompression } from '@darkroom/service-kit'
import { failureOf } from './failure-of.ts'
import type { Outbound, OutboundResponse } from './outbound.ts'
import { OutboundFailure } from './outbound-failure.ts'

const maxRedirects = 3

export interface Download extends Disposable {
  /** @throws OutboundFailure; the reason of the signal */
  body: AsyncIterable<Uint8Array>
  contentLength: string | undefined
}

/** The other server answered with a status other than 200. */
export class UnwantedStatus extends Error {
  readonly status: number

  constructor(status: number) {
    super(`it answered ${status}`)
    this.status = status
  }
}

/**
 * Opens the file at a URL, and follows redirects. Each redirect is checked like the URL itself, and must not lead from
 * https to http. Dispose of the download afterwards, which ends an unread body.
 *
 * @throws OutboundFailure, UnwantedStatus; the reason of `signal`, which also ends the reading
 */
export async function download(outbound: Outbound, given: string, signal: AbortSignal): Promise<Download> {
  let url = given
  for (let redirects = 0; ; redirects++) {
    const response = await outbound.request(url, { method: 'GET', signal })
    const { status, headers, body } = response
    if (status === 200) return downloadOf(response, signal)
    body.on('error', () => undefined).destroy()
    const next = isRedirect(status) ? headers.location : undefined
    if (typeof next !== 'string') throw new UnwantedStatus(status)
    if (redirects === maxRedirects) throw new OutboundFailure('too-many-redirects')
    url = followed(url, encodeBytes(next), outbound)
  }
}

/**
 * Many servers send a Location with bytes that a URL must not have. As in browsers, these are percent-encoded, whatever
 * their charset is. Node.js and undici read headers as Latin-1, one character for each byte.
 */
function encodeBytes(location: string): string {
  return location.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

function followed(from: string, location: string, outbound: Outbound): string {
  const url = URL.parse(location, from)
  const isDowngrade = url?.protocol === 'http:' && from.startsWith('https:')
  if (!url || isDowngrade || outbound.mistakeIn(url.href) !== undefined)
    throw new OutboundFailure('bad-redirect')
  return url.href
}

function downloadOf({ headers, body }: OutboundResponse, signal: AbortSignal): Download {
  const codings = [headers['content-encoding'] ?? []].flat().join()
  const length = headers['content-length']
  const close = () => void body.on('error', () => undefined).destroy()
  // Other codings, such as aws-chunked or utf-8, don't change the bytes: file stores return what an uploader declared.
  if (namesCompression(codings)) {
    close()
    throw new OutboundFailure('encoded-body')
  }
  return {
    body: withFailures(body, signal),
    contentLength: typeof length === 'string' ? length : undefined,
    [Symbol.dispose]: close,
  }
}

async function* withFailures(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw failureOf(error, signal)
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}
