import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface TcpRelay {
  readonly url: string
  /** The connections that are open through it. */
  readonly connections: number
  /** From now on, open connections are broken, and new ones are cut off at once. */
  cut(): void
  /** From now on, answers are dropped: at once, or once a request contains these words. */
  swallow(words?: string): void
  /** From now on, new connections work. */
  restore(): void
}

/** A relay to a server (host:port) that can make faults. */
export async function startRelay(t: TestContext, target: string): Promise<TcpRelay> {
  const [host, port] = target.split(':')
  const sockets = new Set<Socket>()
  let isCut = false
  let swallowed: { from: string } | undefined
  const server = createServer(client => {
    if (isCut) return void client.destroy()
    const upstream = connect(Number(port), host)
    let isSilent = swallowed?.from === ''
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', bytes => {
      isSilent ||= swallowed !== undefined && bytes.includes(swallowed.from)
      upstream.write(bytes)
    })
    upstream.on('data', bytes => {
      if (!isSilent && swallowed?.from !== '') client.write(bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  t.after(() => {
    server.close()
    breakAll()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get connections() {
      return sockets.size / 2
    },
    cut() {
      isCut = true
      breakAll()
    },
    swallow(words = '') {
      swallowed = { from: words }
    },
    restore() {
      isCut = false
      swallowed = undefined
    },
  }
}
