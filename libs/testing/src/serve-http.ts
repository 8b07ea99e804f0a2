import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Owner } from './owner.ts'

/** Starts an HTTP server on a free port. When its owner ends, it closes, and so do its connections. */
export async function serveHttp(
  owner: Owner,
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<{ port: number; url: string }> {
  const server = createServer(listener).listen(0, host)
  owner.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}` }
}
