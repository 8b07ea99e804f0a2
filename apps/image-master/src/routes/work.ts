import { imageMasterRoutes } from '@darkroom/contracts'
import { type App, hangUpSignal, ServiceProblem } from '@darkroom/service-kit'
import type { Acknowledgement, HeldLease, WorkQueue } from '../queue/queue.ts'

export interface WorkDependencies {
  queue: WorkQueue
  /** Called when a worker reports on a task that was deleted meanwhile: what it stored belongs to nobody. */
  discardResult(id: string): Promise<void>
}

export function addWorkRoutes(app: App, { queue, discardResult }: WorkDependencies): void {
  app.route({
    ...imageMasterRoutes.getWork,
    handler: async ({ query: { worker, wait = 0 } }, reply) => {
      const gone = hangUpSignal(reply)
      const work = await queue.next(worker, wait, AbortSignal.any([gone, app.closing]))
      if (work && gone.aborted) await queue.giveBack({ id: work.id, token: work.lease.token })
      return work ? reply.code(200).send(work) : reply.code(204).send()
    },
  })

  app.route({
    ...imageMasterRoutes.extendWork,
    handler: async ({ body }, reply) => {
      const extended = await queue.extend(toLease(body))
      if (extended === 'lost') throw leaseLost()
      const isCancelled = extended === 'cancelled'
      const expiresAt = isCancelled ? new Date().toISOString() : extended.expiresAt
      return reply.code(200).send({ expiresAt, cancelled: isCancelled })
    },
  })

  app.route({
    ...imageMasterRoutes.workFinished,
    handler: async ({ body }, reply) => {
      await acknowledge(body.id, await queue.finish(toLease(body), body.result))
      return reply.code(204).send()
    },
  })

  app.route({
    ...imageMasterRoutes.workFailed,
    handler: async ({ body }, reply) => {
      await acknowledge(body.id, await queue.fail(toLease(body), body.error, body.retryable))
      return reply.code(204).send()
    },
  })

  app.route({
    ...imageMasterRoutes.workReturned,
    handler: async ({ body }, reply) => {
      await acknowledge(body.id, await queue.giveBack(toLease(body)))
      return reply.code(204).send()
    },
  })

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
