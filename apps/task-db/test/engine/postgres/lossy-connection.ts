import type { TestContext } from 'node:test'
import { relayTcp } from '@darkroom/testing'

/** The message that is lost with the connection of the next commit: the commit itself, or only its response. */
export type Loss = 'commit' | 'answer'

interface LossyConnection {
  url: string
  /** The message that is lost at the next commit through any connection. */
  lose(loss: Loss): void
  /** Loses the response of the next commit that contains a text; then no connection succeeds until `reconnect` is called. */
  disconnectAfter(text: string): void
  reconnect(): void
  /** How many losses there were. */
  readonly losses: number
}

/** Stands between a client and PostgreSQL, and cuts connections during commits. */
export async function startLossyConnection(t: TestContext, url: string): Promise<LossyConnection> {
  let next: Loss | undefined
  let losses = 0
  let last: string | undefined
  let isDisconnected = false
  const { port } = await relayTcp(t, url, (client, upstream) => {
    if (isDisconnected) return void client.destroy()
    let isCut = false
    let isLast = false
    client.on('data', bytes => {
      isLast ||= last !== undefined && bytes.includes('COMMIT') && bytes.includes(last)
      isDisconnected ||= isLast
      const isLost = next !== undefined && bytes.includes('COMMIT')
      if (!isLost || next === 'answer') upstream.write(bytes)
      if (!isLost) return
      isCut = true
      losses += 1
      if (next === 'commit') client.destroy()
      next = undefined
    })
    upstream.on('data', bytes => {
      // The response to the statement before the commit, which a disconnection now could prevent.
      if (isLast && !bytes.includes('COMMIT')) return
      if (isCut || isDisconnected) client.destroy()
      else client.write(bytes)
    })
  })
  const through = new URL(url)
  through.port = String(port)
  return {
    url: through.href,
    reconnect: () => {
      last = undefined
      isDisconnected = false
    },
    disconnectAfter: text => {
      last = text
    },
    lose: loss => {
      next = loss
    },
    get losses() {
      return losses
    },
  }
}
