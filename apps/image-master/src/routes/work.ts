import type { Handlers, imageMasterRoutes } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { Acknowledgement, HeldLease, WorkQueue } from '../queue/queue.ts'

export interface WorkDependencies {
  queue: WorkQueue
  /** Called when a worker reports on a task that was deleted meanwhile: its result belongs to no image. */
  discardResult(id: string): Promise<void>
  /** Ends every wait for work. */
  closing: AbortSignal
}

type WorkHandlers = Pick<
  Handlers<typeof imageMasterRoutes>,
  'getWork' | 'extendWork' | 'workFinished' | 'workFailed' | 'workReturned'
>

export function workHandlers({ queue, discardResult, closing }: WorkDependencies): WorkHandlers {
  return {
    async getWork({ querystring: { worker, wait = 0, decodes = '' }, signal }) {
      const ended = AbortSignal.any([signal, closing])
      const work = await queue.next(worker, wait, ended, decodes.split(','))
      if (work && signal.aborted) await queue.giveBack({ id: work.id, token: work.lease.token })
      return work ? { status: 200, body: work } : { status: 204 }
    },

    async extendWork({ body }) {
      const extended = await queue.extend(toLease(body))
      if (extended === 'lost') throw leaseLost()
      const isCancelled = extended === 'cancelled'
      const expiresAt = isCancelled ? new Date().toISOString() : extended.expiresAt
      return { status: 200, body: { expiresAt, cancelled: isCancelled } }
    },

    async workFinished({ body }) {
      await acknowledge(body.id, await queue.finish(toLease(body), body.result))
      return { status: 204 }
    },

    async workFailed({ body }) {
      await acknowledge(body.id, await queue.fail(toLease(body), body.error, body.retryable))
      return { status: 204 }
    },

    async workReturned({ body }) {
      await acknowledge(body.id, await queue.giveBack(toLease(body)))
      return { status: 204 }
    },
  }

  async function acknowledge(id: string, acknowledgement: Acknowledgement): Promise<void> {
    if (acknowledgement === 'cancelled') await discardResult(id)
    if (acknowledgement === 'lost') throw leaseLost()
  }
}

function toLease({ id, lease }: { id: string; lease: number }): HeldLease {
  return { id, token: lease }
}

function leaseLost(): ServiceProblem {
  return new ServiceProblem(409, 'lease-lost', 'the lease ran out, and the task was taken back')
}
