import { type Handlers, type LeaseHolderEvent, leastIdSince, type taskDbRoutes } from '@darkroom/contracts'
import { ServiceProblem, taskCursors } from '@darkroom/service-kit'
import { applyEvent, type CountedStore, taskNotFound } from '../apply-event.ts'
import type { TaskEvent } from '../transitions.ts'

type TaskHandlers = Pick<
  Handlers<typeof taskDbRoutes>,
  | 'putTask'
  | 'retryTask'
  | 'renewLease'
  | 'getTask'
  | 'findByKey'
  | 'listTasks'
  | 'findUnknown'
  | 'deleteTask'
>

export function taskHandlers(counted: CountedStore): TaskHandlers {
  const { store } = counted
  return {
    async putTask({ params: { id }, body }) {
      if (body.state === 'not-started') {
        const { isNew, task } = await store.create(id, body)
        return { status: isNew ? 201 : 200, body: task }
      }
      const { task, isRepeated } = await applyEvent(counted, id, toEvent(body))
      return { status: 200, body: task, headers: isRepeated ? { 'idempotent-replayed': 'true' } : {} }
    },

    async retryTask({ params: { id } }) {
      const { task } = await applyEvent(counted, id, { type: 'retry' })
      return { status: 200, body: task }
    },

    async renewLease({ params: { id }, body }) {
      const { task } = await applyEvent(counted, id, { type: 'renew', ...body })
      return { status: 200, body: task }
    },

    async getTask({ params: { id } }) {
      return { status: 200, body: (await store.get(id)) ?? taskNotFound(id) }
    },

    async findByKey({ querystring }) {
      const task = await store.findByKey(querystring)
      if (task) return { status: 200, body: task }
      throw new ServiceProblem(404, 'task-not-found', 'there is no task with this owner and idempotency key')
    },

    async listTasks({ querystring: { owner, state, preset, endedBefore, since, limit = 100, cursor } }) {
      const before = endedBefore === undefined ? undefined : new Date(endedBefore)
      const leastId = since === undefined ? undefined : leastIdSince(Date.parse(since))
      const query = {
        owner,
        state,
        preset,
        endedBefore: before,
        leastId,
        limit,
        cursor: taskCursors.read(cursor),
      }
      return { status: 200, body: taskCursors.write(await store.list(query)) }
    },

    async findUnknown({ body }) {
      return { status: 200, body: { ids: await store.findUnknown(body.ids) } }
    },

    async deleteTask({ params: { id } }) {
      if (!(await store.delete(id))) taskNotFound(id)
      return { status: 204 }
    },
  }
}

function toEvent(event: LeaseHolderEvent): TaskEvent {
  switch (event.state) {
    case 'finished':
      return {
        type: 'finish',
        token: event.token,
        ...(event.result && { result: event.result }),
        ...(event.variants && { variants: event.variants }),
      }
    case 'failed':
      return { type: 'fail', token: event.token, error: event.error, retryable: event.retryable }
    case 'returned':
      return { type: 'return', token: event.token }
  }
}
