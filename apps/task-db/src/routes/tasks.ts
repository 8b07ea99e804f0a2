import { type LeaseHolderEvent, taskDbRoutes } from '@darkroom/contracts'
import { type App, holdSignal, ServiceProblem, taskCursors } from '@darkroom/service-kit'
import { applyEvent, type CountedStore, taskNotFound } from '../apply-event.ts'
import type { TaskEvent } from '../transitions.ts'
import { waitForVersion } from '../wait-for-version.ts'

export function addTaskRoutes(app: App, counted: CountedStore): void {
  const { store } = counted
  app.route({
    ...taskDbRoutes.putTask,
    handler: async ({ params: { id }, body }, reply) => {
      if (body.state === 'not-started') {
        const { isNew, task } = await store.create(id, body)
        return reply.code(isNew ? 201 : 200).send(task)
      }
      return reply.code(200).send(await applyEvent(counted, id, toEvent(body)))
    },
  })

  app.route({
    ...taskDbRoutes.renewLease,
    handler: ({ params: { id }, body }) => applyEvent(counted, id, { type: 'renew', ...body }),
  })

  app.route({
    ...taskDbRoutes.getTask,
    handler: async ({ params: { id }, query: { wait = 0, after = 0 } }, reply) => {
      if (wait > 0) await waitForVersion(store, id, after, holdSignal(reply, wait))
      return (await store.get(id)) ?? taskNotFound(id)
    },
  })

  app.route({
    ...taskDbRoutes.listTasks,
    handler: async ({ query: { state, endedBefore, limit = 100, cursor } }) => {
      const page = await store.list({
        state,
        endedBefore: endedBefore === undefined ? undefined : readInstant(endedBefore),
        limit,
        cursor: taskCursors.read(cursor),
      })
      return taskCursors.write(page)
    },
  })

  app.route({
    ...taskDbRoutes.findUnknown,
    handler: async ({ body }) => ({ ids: await store.findUnknown(body.ids) }),
  })

  app.route({
    ...taskDbRoutes.deleteTask,
    handler: async ({ params: { id } }, reply) => {
      if (!(await store.delete(id))) taskNotFound(id)
      return reply.code(204).send()
    },
  })
}

function toEvent(event: LeaseHolderEvent): TaskEvent {
  switch (event.state) {
    case 'finished':
      return { type: 'finish', token: event.token, result: event.result }
    case 'failed':
      return { type: 'fail', token: event.token, error: event.error, retryable: event.retryable }
    case 'returned':
      return { type: 'return', token: event.token }
  }
}

/** RFC 3339 knows leap seconds, which `Date` doesn't. */
function readInstant(text: string): Date {
  const instant = new Date(text)
  if (!Number.isNaN(instant.getTime())) return instant
  throw new ServiceProblem(400, 'invalid-request', `querystring endedBefore: ${text} can't be compared with`)
}
