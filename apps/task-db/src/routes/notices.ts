import type { Handlers, Task, taskDbRoutes } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import { taskNotFound } from '../apply-event.ts'
import type { TaskStore } from '../engine/engine.ts'
import type { NoticeEvent } from '../notices.ts'

type NoticeHandlers = Pick<Handlers<typeof taskDbRoutes>, 'claimNotices' | 'reportNotice' | 'repeatNotice'>

export function noticeHandlers(store: TaskStore): NoticeHandlers {
  return {
    async claimNotices({ body }) {
      return { status: 200, body: { tasks: await store.claimNotices(body) } }
    },

    async reportNotice({ params: { id }, body }) {
      return { status: 200, body: await change(id, { type: 'report-notice', report: body }) }
    },

    async repeatNotice({ params: { id } }) {
      return { status: 200, body: await change(id, { type: 'repeat-notice' }) }
    },
  }

  async function change(id: string, event: NoticeEvent): Promise<Task> {
    const outcome = (await store.apply(id, event)) ?? taskNotFound(id)
    if (outcome.kind === 'refused') throw new ServiceProblem(409, 'no-such-notice', outcome.reason)
    return outcome.task
  }
}
