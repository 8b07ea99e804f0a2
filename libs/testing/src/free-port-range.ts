import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'
import process from 'node:process'

/**
 * Below the ports that Linux gives to outgoing connections, which could take a port between two starts, and above the
 * ports that fetch() refuses (https://fetch.spec.whatwg.org/#port-blocking), the highest of which is 10080.
 */
const lowest = 10_100
const highest = 32_000

/**
 * The first of `count` consecutive ports of the loopback interface on which nothing listens. Until this process ends, no
 * other process gets them here (on Linux): a program needs a while before it listens on its ports.
 */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count))
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const reservations = await Promise.all(ports.map(reserve))
    const areFree = reservations.every(Boolean) && (await Promise.all(ports.map(isFree))).every(Boolean)
    if (areFree) return first
    for (const reservation of reservations) reservation?.[Symbol.dispose]()
  }
}

/** Reserves a port by an abstract Unix socket (unix(7)) of its number. Undefined if another process has reserved it. */
async function reserve(port: number): Promise<Disposable | undefined> {
  if (process.platform !== 'linux') return { [Symbol.dispose]: () => undefined }
  const socket = await listening({ path: `\0darkroom-test-port-${port}` })
  return socket && { [Symbol.dispose]: () => void socket.close() }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening({ port, host: '127.0.0.1' })
  if (!server) return false
  server.close()
  await once(server, 'close')
  return true
}

/** A server at an address; undefined if it can't listen there. It doesn't keep the process alive. */
async function listening(address: ListenOptions): Promise<Server | undefined> {
  const server = createServer().listen(address).unref()
  try {
    await once(server, 'listening')
    return server
  } catch {
    return undefined
  }
}
