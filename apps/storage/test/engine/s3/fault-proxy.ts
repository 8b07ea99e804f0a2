import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Owner, serveHttp } from '@darkroom/testing'

/** The way in which the proxy treats a request. */
export type Fault =
  | { kind: 'pass' }
  /** Answered by the proxy; the request never reaches the server. */
  | { kind: 'answer'; status: number; code: string }
  /** The server executes the request, but its response never arrives. */
  | { kind: 'lose-answer' }
  /** One bit is flipped on the way. */
  | { kind: 'damage' }
  /** There is never a response. */
  | { kind: 'hang' }
  /** The response begins, and its body stops half-way. */
  | { kind: 'stall' }

/** Starts a proxy that applies a fault of `decide` to each request. It is closed with the test. */
export async function startFaultProxy(
  owner: Owner,
  target: string,
  decide: (request: IncomingMessage) => Fault,
): Promise<string> {
  const { url } = await serveHttp(owner, async (incoming, response) => {
    const fault = decide(incoming)
    const body = await buffer(incoming)
    if (fault.kind === 'answer') return refuse(response, fault)
    if (fault.kind === 'hang') return
    if (fault.kind === 'damage' && body.length > 0) body[0] = (body[0] ?? 0) ^ 1
    const { method = 'GET', headers } = incoming
    const outgoing = request(target + incoming.url, { method, headers })
    outgoing.end(body)
    outgoing.on('error', () => response.destroy())
    outgoing.on('response', async (reply: IncomingMessage) => {
      const bytes = await buffer(reply)
      if (fault.kind === 'lose-answer') return response.destroy()
      response.writeHead(reply.statusCode ?? 500, reply.headers)
      if (fault.kind === 'stall') return response.write(bytes.subarray(0, bytes.length / 2))
      return response.end(bytes)
    })
  })
  return url
}

function refuse(response: ServerResponse, { status, code }: { status: number; code: string }): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  )
}
