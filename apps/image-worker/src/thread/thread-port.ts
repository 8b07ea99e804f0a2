import type { MessagePort } from 'node:worker_threads'
import type { ThreadMessage, WorkerMessage } from './protocol.ts'

export interface ThreadPort {
  /** Aborted when no more work is to be taken. */
  draining: AbortSignal
  report(message: ThreadMessage): void
  /**
   * Resolves when there are so many bytes of memory to develop the image in, those that were reserved for it before
   * included; they are held until it is developed.
   */
  reserve(bytes: number): Promise<void>
}

/** A thread's end of the protocol. */
export function openThreadPort(port: MessagePort): ThreadPort {
  const draining = new AbortController()
  let granted = Promise.withResolvers<void>()
  port.on('message', (message: WorkerMessage) => {
    if (message.type === 'drain') draining.abort()
    else granted.resolve()
  })
  return {
    draining: draining.signal,
    report: message => port.postMessage(message),
    reserve(bytes) {
      granted = Promise.withResolvers()
      port.postMessage({ type: 'reserve', bytes } satisfies ThreadMessage)
      return granted.promise
    },
  }
}
