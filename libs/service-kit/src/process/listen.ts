import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Clients differ in the address that they use for `localhost` (RFC 6761, 6.3). */
const loopbackAddresses = ['127.0.0.1', '::1'] as const

/** The errors of listening on a machine without IPv6. */
const noSuchAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/**
 * Makes an app listen. `localhost` means both loopback addresses.
 *
 * Fastify would create a second HTTP server for the second address, which lacks what was added to `app.server`: limits for
 * bodies, problem documents for malformed requests, closing idle connections when the app closes. Here, one HTTP server has
 * all connections.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<void> {
  if (host !== 'localhost') {
    await app.listen({ host, port }).catch(adviseOn(host))
    return
  }
  const [first, second] = loopbackAddresses
  // The options of Node's own HTTP server.
  const secondListener = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    app.server.emit('connection', socket)
  })
  // This hook runs last, when earlier hooks have already released the held requests.
  app.addHook('preClose', () => new Promise<void>(closed => secondListener.close(() => closed())))
  await app.listen({ host: first, port }).catch(adviseOn(first))
  const { port: chosen } = listeningAddress(app)
  try {
    await once(secondListener.listen({ host: second, port: chosen }), 'listening')
    app.log.info(`Server listening at http://[${second}]:${chosen}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && noSuchAddress.has(String(error.code))))
      adviseOn(second)(error as Error)
  }
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; set PORT to a free port',
  EACCES: 'set PORT to a port that this user may use, such as one above 1023',
  EADDRNOTAVAIL: 'set HOST to an address of this machine',
  ENOTFOUND: 'set HOST to an address of this machine',
  EAI_AGAIN: 'set HOST to an address of this machine',
}

/** Adds the setting to change to an error of listening. */
function adviseOn(host: string): (error: NodeJS.ErrnoException) => never {
  return error => {
    const setting = advice[error.code ?? '']
    if (setting !== undefined) error.message = `cannot listen at ${host}: ${error.message}: ${setting}`
    throw error
  }
}

export function listeningAddress({ server }: FastifyInstance): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the app listens, but has no port')
  return address
}
