import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that Linux gives to outgoing connections, which could take a port between two starts, and above the
 * ports that fetch() refuses (https://fetch.spec.whatwg.org/#port-blocking), the highest of which is 10080.
 */
const lowest = 10_100
const highest = 32_000

/** The first of `count` consecutive ports of the loopback interface on which nothing listens. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count))
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const areFree = await Promise.all(ports.map(isFree))
    if (areFree.every(Boolean)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
