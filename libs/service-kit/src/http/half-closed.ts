import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Lets clients close their side of the connection once their request is sent (a half-close, RFC 9293, 3.6), as `nc -N` and
 * some scripts do. By default, Node closes the connection then, and such a client never gets its response.
 *
 * A client that has hung up looks the same until something is sent to it. So whatever is held back for a client must
 * end at `onceHalfClosed`, instead of waiting for a client that may be gone.
 */
export function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true }) // missing in Node's types
}

/** Calls `callBack` when the client has closed its side, now or later. Returns how to stop waiting for this. */
export function onceHalfClosed(socket: Socket | null, callBack: () => void): () => void {
  if (socket?.readableEnded) callBack()
  else socket?.once('end', callBack)
  return () => socket?.off('end', callBack)
}
