import { logger } from '@darkroom/image-master/testing'
import { type Owner, until } from '@darkroom/testing'
import { KeptLease } from '../../src/pool/kept-lease.ts'
import type { ThreadMessage } from '../../src/thread/protocol.ts'
import { workUntilDrained } from '../../src/thread/work-loop.ts'
import type { WorkLoopOptions } from '../../src/thread/work-options.ts'
import type { Workshop } from '../start-workshop.ts'

export const facts = { contentType: 'image/png', width: 1, height: 1, frames: 1 }

export async function reverse(input: Uint8Array) {
  return { bytes: Buffer.from(input).reverse(), facts }
}

/** A development that continues until the test gives its result, or ends. */
export function heldDevelopment(owner: Owner) {
  const begun = Promise.withResolvers<void>()
  const result = Promise.withResolvers<string>()
  owner.after(() => result.resolve('the test has ended'))
  const develop = async () => {
    begun.resolve()
    return { bytes: Buffer.from(await result.promise), facts }
  }
  return { develop, begun: begun.promise, finish: result.resolve, fail: result.reject }
}

/** Runs the loop of a thread until it is drained. Leases are kept as in the main thread. */
export function runWorkLoop({ clients }: Pick<Workshop, 'clients'>, options: Partial<WorkLoopOptions> = {}) {
  const draining = new AbortController()
  const messages: ThreadMessage[] = []
  const leases = new Map<string, KeptLease>()
  const { imageMaster } = options.clients ?? clients
  const ended = workUntilDrained({
    name: 'worker/1',
    clients,
    logger,
    draining: draining.signal,
    develop: reverse,
    lostLease(work) {
      const lease = new KeptLease(work, imageMaster, logger)
      leases.set(`${work.id} ${work.lease.token}`, lease)
      return lease.lost
    },
    report(message) {
      messages.push(message)
      if (message.type === 'ended') leases.get(`${message.id} ${message.token}`)?.close()
    },
    runAlone: async () => true,
    ...options,
  })
  const drain = async () => {
    draining.abort()
    await ended
  }
  const ends = () => messages.flatMap(message => (message.type === 'ended' ? [message.end] : []))
  const untilEnded = (count = 1) => until(`${count} have ended`, () => ends().length >= count && ends())
  return { drain, draining, messages, untilEnded, ended }
}
