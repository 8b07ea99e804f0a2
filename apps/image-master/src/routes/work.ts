import type { Handlers, imageMasterRoutes, Work, WorkRequest } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { InlineBytes } from '../inline-bytes.ts'
import type { Acknowledgement, HeldLease, WorkQueue } from '../queue/queue.ts'
import type { UnwantedWork } from '../queue/unwanted-work.ts'

interface WorkDependencies {
  queue: WorkQueue
  unwanted: Pick<UnwantedWork, 'return'>
  inlineBytes: InlineBytes
  /** Called when a worker reports on a task that was deleted: its results belong to no image. */
  discardResults(id: string, variants: readonly string[]): Promise<void>
  /** Ends all waits for work. */
  closing: AbortSignal
}

type WorkHandlers = Pick<
  Handlers<typeof imageMasterRoutes>,
  'getWork' | 'extendWork' | 'workFinished' | 'workFailed' | 'workReturned'
>

export function workHandlers({
  queue,
  unwanted,
  inlineBytes,
  discardResults,
  closing,
}: WorkDependencies): WorkHandlers {
  return {
    async getWork({ querystring: { wait = 0, ...request }, signal }) {
      const work = await nextWork(request, wait, signal)
      return work ? { status: 200, body: work } : { status: 204 }
    },

    async extendWork({ body }) {
      const renewed = await queue.renew(toLease(body))
      if (renewed === 'lost') throw leaseLost()
      const isCancelled = renewed === 'cancelled'
      const expiresAt = isCancelled ? new Date().toISOString() : renewed.expiresAt
      return { status: 200, body: { expiresAt, cancelled: isCancelled } }
    },

    async workFinished({ body, signal }) {
      const { id, next } = body
      const results = await inlineBytes.storeResults(body)
      const variants = Object.keys(results.variants ?? {})
      // Sent together, the end of this work and the claim of the next share one commit of the task DB.
      const [reported, claimed] = await Promise.allSettled([
        queue
          .finish(toLease(body), results)
          .then(acknowledgement => acknowledge(id, acknowledgement, variants)),
        next && nextWork(next, 0, signal),
      ])
      const work = claimed.status === 'fulfilled' ? claimed.value : undefined
      const isFirstReport = reported.status === 'fulfilled' && reported.value !== 'repeated'
      // A repeated report must not lease a second task, because the first would be lost. The worker may have disconnected
      // while its report was accepted.
      const isUnwanted = !isFirstReport || signal.aborted
      if (work && isUnwanted) await unwanted.return({ id: work.id, token: work.lease.token })
      if (isUnwanted) {
        if (reported.status === 'rejected') throw reported.reason
        return { status: 204 }
      }
      if (claimed.status === 'rejected') throw claimed.reason
      return work ? { status: 200, body: work } : { status: 204 }
    },

    async workFailed({ body }) {
      await acknowledge(body.id, await queue.fail(toLease(body), body.error, body.retryable))
      return { status: 204 }
    },

    async workReturned({ body }) {
      const acknowledgement = await unwanted.return(toLease(body))
      if (acknowledgement) await acknowledge(body.id, acknowledgement)
      return { status: 204 }
    },
  }

  /** If the worker disconnects, the task waits again, and the attempt doesn't count. */
  async function nextWork(
    { worker, decodes = '', inline = 0 }: WorkRequest,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<Work | undefined> {
    // Only a request that waits needs the second signal.
    const ended = waitSeconds > 0 ? AbortSignal.any([signal, closing]) : signal
    const leased = await queue.next(worker, waitSeconds, ended, decodes.split(','))
    const work = leased && (await inlineBytes.withOriginal(leased, inline))
    if (!work || !signal.aborted) return work
    await unwanted.return({ id: work.id, token: work.lease.token })
    return undefined
  }

  async function acknowledge(
    id: string,
    acknowledgement: Acknowledgement,
    variants: readonly string[] = [],
  ): Promise<Acknowledgement> {
    if (acknowledgement === 'cancelled') await discardResults(id, variants)
    if (acknowledgement === 'lost') throw leaseLost()
    return acknowledgement
  }
}

function toLease({ id, lease }: { id: string; lease: number }): HeldLease {
  return { id, token: lease }
}

function leaseLost(): ServiceProblem {
  return new ServiceProblem(
    409,
    'lease-lost',
    'the lease has expired, and the task was taken back: stop working on it',
  )
}
