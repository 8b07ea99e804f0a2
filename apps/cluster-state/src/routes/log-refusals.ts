import type { App } from '@darkroom/service-kit'
import { Counter } from 'prom-client'

/** A peer that goes on sending nonsense is logged this often at most. */
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
  app.addHook('onError', async (request, _reply, error) => {
    const isRefused = error.validation !== undefined || ('status' in error && error.status === 400)
    if (!isRefused) return
    refusals.inc()
    const now = performance.now()
    if (now - (lastLogged.get(request.ip) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    if (lastLogged.size >= maxPeers) lastLogged.clear()
    lastLogged.set(request.ip, now)
    request.log.warn({ peer: request.ip, reason: error.message }, 'a peer sent nonsense; it changed nothing')
  })
}
