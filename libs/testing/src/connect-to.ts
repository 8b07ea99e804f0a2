import { connect, type Socket } from 'node:net'
import type { Owner } from './owner.ts'

/** Opens a TCP connection to the server of a URL, for bytes that HTTP clients don't send. It ends with its owner. */
export function connectTo(owner: Owner, url: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  owner.after(() => socket.destroy())
  return socket
}
