import { once } from 'node:events'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

export interface HttpRequest {
  method?: string
  headers?: OutgoingHttpHeaders
  /** Bytes and texts are sent with their length, a stream in chunks. */
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  signal?: AbortSignal
}

export interface HttpResponse {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The body as JSON. */
  json(): Record<string, unknown>
}

/** Sends one request on its own connection. The path is sent unchanged, which fetch() doesn't do. */
export async function httpRequest(
  base: string,
  path: string,
  { method = 'GET', headers = {}, body, signal }: HttpRequest = {},
): Promise<HttpResponse> {
  const { hostname, port } = new URL(base)
  const sent = request({ hostname, port, path, method, headers, agent: false, ...(signal && { signal }) })
  const answered = once(sent, 'response')
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) sent.end(body)
  else pipeline(body, sent).catch(() => undefined) // `answered` rejects, too
  const [response] = await answered
  // The server may stop reading after its response, which is not an error.
  sent.on('error', () => undefined)
  const received = await buffer(response)
  return {
    status: response.statusCode,
    headers: response.headers,
    body: received,
    json: () => JSON.parse(received.toString()),
  }
}
