import type { MessagePort } from 'node:worker_threads'
import type { ThreadMessage, WorkerMessage } from './protocol.ts'

export interface ThreadPort {
  /** Aborted when no more work is to be taken. */
  draining: AbortSignal
  /**
   * 'begun' and 'ended' wait for the end of the turn, to go with others: waking the other thread is the cost. All others
   * go at once.
   */
  report(message: ThreadMessage): void
  /**
   * Resolves when there are so many bytes of memory to develop the image in, those that were reserved for it before
   * included; they are held until it is developed.
   */
  reserve(bytes: number): Promise<void>
  /** Sends what waits, and lets the thread end. */
  close(): void
}

/** A thread's end of the protocol. */
export function openThreadPort(port: MessagePort): ThreadPort {
  const draining = new AbortController()
  let granted = Promise.withResolvers<void>()
  port.on('message', (message: WorkerMessage) => {
    if (message.type === 'drain') draining.abort()
    else granted.resolve()
  })
  let waiting: ThreadMessage[] = []
  const send = () => {
    if (waiting.length > 0) port.postMessage(waiting)
    waiting = []
  }
  const report = (message: ThreadMessage) => {
    if (waiting.push(message) === 1) setImmediate(send)
    if (message.type !== 'begun' && message.type !== 'ended') send()
  }
  return {
    draining: draining.signal,
    report,
    close() {
      send()
      port.close()
    },
    reserve(bytes) {
      granted = Promise.withResolvers()
      report({ type: 'reserve', bytes })
      return granted.promise
    },
  }
}
