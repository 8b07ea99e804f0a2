import { type App, Counter } from '@darkroom/service-kit'

/** How often protocol errors of one peer are logged, at most. */
const quietMs = 60_000
/** The log distinguishes at most this many peers. */
const maxPeers = 1000

/**
 * Counts and logs the messages that are refused in this scope. Between nodes, a refusal means that one of the nodes has a
 * bug.
 */
export function logRefusals(app: App): void {
  const refusals = new Counter({
    name: 'darkroom_gossip_refused_total',
    help: 'Invalid messages of other nodes; they changed nothing',
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
    throw error // the app's own handler sends the response
  })
}

/** Whether the contract, the parser, or the node itself refused a message. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const { validation, status, statusCode } = error as Error & {
    validation?: unknown
    status?: unknown
    statusCode?: unknown
  }
  return validation !== undefined || status === 400 || statusCode === 400
}
