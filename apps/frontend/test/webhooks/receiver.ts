import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Owner } from '@darkroom/image-master/testing'

export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  port: number
  received: Received[]
  of(path: string): Received[]
}

/** Starts a receiver of webhooks on all addresses of this machine. `answer` sends the answer; the default is 204. */
export async function startReceiver(
  owner: Owner,
  answer: (response: ServerResponse, path: string, count: number) => void = response =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = []
  const of = (path: string) => received.filter(each => each.path === path)
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request
    received.push({ path, headers: textOf(headers), body: await text(request) })
    answer(response, path, of(path).length)
  }).listen(0, '0.0.0.0')
  await once(server, 'listening')
  owner.after(async () => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, received, of }
}

function textOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
