import type { MessagePort } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import type { ThreadMessage, WorkerMessage } from './protocol.ts'

interface ThreadPort {
  /** Aborted when the thread must take no more work. */
  draining: AbortSignal
  /**
   * 'begun' and 'ended' are sent at the end of the turn, together with others, because waking the other thread is the
   * main cost. All others are sent at once.
   */
  report(message: ThreadMessage): void
  /** Aborted, with the reason, when the lease of this work is lost or its task was deleted, until its end is reported. */
  lostLease(work: Work): AbortSignal
  /**
   * Resolves when this many bytes of memory are reserved for the image, including those reserved for it before. They
   * are held until it is developed.
   */
  reserve(bytes: number): Promise<void>
  /**
   * Resolves when no other image of this process is developed, until this work has ended; with false if another thread
   * has requested the same.
   */
  runAlone(): Promise<boolean>
  /** Sends the pending messages, and lets the thread end. */
  close(): void
}

/** A thread's end of the protocol. */
export function openThreadPort(port: MessagePort): ThreadPort {
  const draining = new AbortController()
  let granted = Promise.withResolvers<void>()
  let alone = Promise.withResolvers<boolean>()
  const leases = new Map<string, AbortController>()
  port.on('message', (message: WorkerMessage) => {
    if (message.type === 'drain') draining.abort()
    else if (message.type === 'granted') granted.resolve()
    else if (message.type === 'alone') alone.resolve(message.isGranted)
    else leases.get(leaseKey(message.id, message.token))?.abort(message.reason)
  })
  let waiting: ThreadMessage[] = []
  const send = () => {
    if (waiting.length > 0) port.postMessage(waiting)
    waiting = []
  }
  const report = (message: ThreadMessage) => {
    if (message.type === 'ended') leases.delete(leaseKey(message.id, message.token))
    if (waiting.push(message) === 1) setImmediate(send)
    if (message.type !== 'begun' && message.type !== 'ended') send()
  }
  return {
    draining: draining.signal,
    report,
    lostLease({ id, lease }) {
      const lost = new AbortController()
      leases.set(leaseKey(id, lease.token), lost)
      return lost.signal
    },
    close() {
      send()
      port.close()
    },
    reserve(bytes) {
      granted = Promise.withResolvers()
      report({ type: 'reserve', bytes })
      return granted.promise
    },
    runAlone() {
      alone = Promise.withResolvers()
      report({ type: 'run-alone' })
      return alone.promise
    },
  }
}

function leaseKey(id: string, token: number): string {
  return `${id} ${token}`
}
