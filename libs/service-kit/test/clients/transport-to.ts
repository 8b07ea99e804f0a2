import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { WireRequest } from '@darkroom/contracts'
import { freePort, serveHttp } from '@darkroom/testing'
import { Agent } from 'undici'
import { createTransport, type TransportOptions } from '../../src/clients/transport.ts'

interface Instance {
  url: string
  /** The requests that arrived, with the read part of their bodies. */
  requests: { path: string; body: string; authorization: string | undefined }[]
}

/** A server of the service; a request that `listener` doesn't answer gets a 200 with its own body. */
export async function instance(t: TestContext, listener?: RequestListener): Promise<Instance> {
  const requests: Instance['requests'] = []
  const { url } = await serveHttp(t, async (request, response) => {
    const seen = { path: request.url ?? '', body: '', authorization: request.headers.authorization }
    requests.push(seen)
    if (listener) return listener(request, response)
    seen.body = await text(request)
    response.end(seen.body)
  })
  return { url, requests }
}

/** A transport to these instances, tried in turn. */
export function transportTo(t: TestContext, urls: string[], options: Partial<TransportOptions> = {}) {
  const dispatcher = new Agent()
  t.after(() => dispatcher.destroy())
  const suspected: string[] = []
  let next = 0
  const resolver = {
    pick: async () => urls[next++ % urls.length],
    suspect: (url: string) => void suspected.push(url),
  }
  const transport = createTransport({ service: 'storage', resolver, dispatcher, ...options })
  const send = (request: Partial<WireRequest> = {}) =>
    transport({
      method: 'GET',
      path: '/',
      headers: {},
      idempotent: true,
      expectsUnavailable: false,
      heldMs: 0,
      ...request,
    })
  return { send, suspected }
}

/** An address at which nothing listens. */
export const refusing = async () => `http://127.0.0.1:${await freePort()}`
export async function* streamed(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}
