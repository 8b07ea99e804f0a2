import type { App } from '@darkroom/service-kit'
import { Counter } from 'prom-client'

/** A peer that goes on sending protocol errors is logged this often at most. */
const quietMs = 60_000
/** So many peers are told apart. */
const maxPeers = 1000

/** Counts and logs what is refused in this scope: between nodes, that is a fault of one of them. */
export function logRefusals(app: App): void {
  const refusals = new Counter({
    name: 'darkroom_gossip_refused_total',
    help: 'Messages of other nodes that were not what nodes send, and changed nothing',
    registers: [app.metrics],
  })
  const lastLogged = new Map<string, number>()
  const log = (peer: string, reason: string) => {
    const now = performance.now()
    if (now - (lastLogged.get(peer) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    if (lastLogged.size >= maxPeers) lastLogged.clear()
    lastLogged.set(peer, now)
    app.log.warn({ peer, reason }, 'a peer sent a protocol error; nothing was changed')
  }
  app.setErrorHandler((error, request) => {
    if (isRefusal(error)) {
      refusals.inc()
      log(request.ip, error.message)
    }
    throw error // the app's own handler answers it
  })
}

/** What the contract, the parser, or the node itself refused. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const { validation, status, statusCode } = error as Error & {
    validation?: unknown
    status?: unknown
    statusCode?: unknown
  }
  return validation !== undefined || status === 400 || statusCode === 400
}
