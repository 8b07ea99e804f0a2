import type { TestContext } from 'node:test'
import { relayTcp } from '@darkroom/testing'

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
  let isCut = false
  let swallowed: { from: string } | undefined
  const { port, sockets } = await relayTcp(t, `http://${target}`, (client, upstream) => {
    if (isCut) return void client.destroy()
    let isSilent = swallowed?.from === ''
    client.on('data', bytes => {
      isSilent ||= swallowed !== undefined && bytes.includes(swallowed.from)
      upstream.write(bytes)
    })
    upstream.on('data', bytes => {
      if (!isSilent && swallowed?.from !== '') client.write(bytes)
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return sockets.size / 2
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
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
