import { once } from 'node:events'
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Which of the two `localhost` is differs from client to client (RFC 6761, 6.3). */
const loopbackAddresses = ['127.0.0.1', '::1'] as const

/** What listening fails with where there is no IPv6. */
const noSuchAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/**
 * Makes an app listen: on `localhost`, on both loopback addresses.
 *
 * Fastify would make a second HTTP server for the second address, without what was added to `app.server`: bounds of
 * bodies, problem documents for malformed requests, the end of idle connections when the app closes. Here, all
 * connections are those of one HTTP server.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<void> {
  if (host !== 'localhost') {
    await app.listen({ host, port })
    return
  }
  const [first, second] = loopbackAddresses
  // As Node's HTTP server sets its connections up.
  const secondListener = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    app.server.emit('connection', socket)
  })
  // The last hook before the app closes: those before it have told requests that are held to end.
  app.addHook('preClose', () => new Promise<void>(closed => secondListener.close(() => closed())))
  await app.listen({ host: first, port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the app listens, but has no port')
  try {
    await once(secondListener.listen({ host: second, port: address.port }), 'listening')
    app.log.info(`Server listening at http://[${second}]:${address.port}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && noSuchAddress.has(String(error.code)))) throw error
  }
}
