import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Owner } from './owner.ts'

interface TcpRelay {
  port: number
  /** Both sides of every open connection. */
  sockets: ReadonlySet<Socket>
}

/**
 * Starts a relay on 127.0.0.1 to the server of a URL. `passOn` passes bytes on between a client and the server, as the test
 * needs it. When one side of a connection closes, so does the other.
 */
export async function relayTcp(
  owner: Owner,
  target: string,
  passOn: (client: Socket, upstream: Socket) => void,
): Promise<TcpRelay> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
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
    passOn(client, upstream)
  }).listen(0, '127.0.0.1')
  owner.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, sockets }
}
