import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface TcpRelay {
  readonly url: string
  /** The number of open connections through the relay. */
  readonly connections: number
  /** Breaks open connections, and from now on also every new connection. */
  cut(): void
  /** Drops responses, from now on or from the first request that contains `words`. */
  swallow(words?: string): void
  /** Lets new connections work again. */
  restore(): void
}

/** Starts a relay to a server (host:port) that can simulate faults of the network. */
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
