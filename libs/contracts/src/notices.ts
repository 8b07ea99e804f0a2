import { NoticeClaim, NoticeReport } from './callback.ts'
import { Problem } from './problem.ts'
import { defineRoute } from './route.ts'
import { Task, TaskId } from './task.ts'
import { Type } from './typebox/typebox.js'

const params = Type.Object({ id: TaskId })

/** The routes of the task DB for the notices of tasks, which frontends send. */
export const noticeRoutes = {
  claimNotices: defineRoute({
    method: 'POST',
    url: '/notices/claim',
    schema: {
      summary: 'Leases due notices, the oldest first',
      body: NoticeClaim,
      response: { 200: Type.Object({ tasks: Type.Array(Task) }) },
    },
  }),
  reportNotice: defineRoute({
    method: 'POST',
    url: '/tasks/:id/notice',
    schema: {
      summary: 'Reports the outcome of a claimed notice',
      params,
      body: NoticeReport,
      response: { 200: Task, 404: Problem, 409: Problem },
    },
  }),
  repeatNotice: defineRoute({
    method: 'POST',
    url: '/tasks/:id/notice/repeat',
    schema: {
      summary: 'Makes the notice of an ended task due again, with a full set of attempts',
      params,
      response: { 200: Task, 404: Problem, 409: Problem },
    },
  }),
}
