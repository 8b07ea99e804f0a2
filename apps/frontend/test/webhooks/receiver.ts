import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Owner } from '@darkroom/testing'
import { serveHttp } from '@darkroom/testing'

interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  port: number
  received: Received[]
  of(path: string): Received[]
}

/** Starts a receiver of webhooks on all addresses of this machine. `answer` sends the response; the default is 204. */
export async function startReceiver(
  owner: Owner,
  answer: (response: ServerResponse, path: string, count: number) => void = response =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = []
  const of = (path: string) => received.filter(each => each.path === path)
  const listener: RequestListener = async (request, response) => {
    const { url: path = '', headers } = request
    received.push({ path, headers: textOf(headers), body: await text(request) })
    answer(response, path, of(path).length)
  }
  const { port } = await serveHttp(owner, listener, '0.0.0.0')
  return { port, received, of }
}

function textOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
