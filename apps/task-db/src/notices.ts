import {
  hasEnded,
  type NewCallback,
  type NoticeReport,
  type Task,
  type TaskCallback,
} from '@darkroom/contracts'
import { type Outcome, refuse } from './event-outcome.ts'

/**
 * The events of a notice, the webhook that a task with a callback gets when it ends. They do not change the state and the
 * version of the task.
 */
export type NoticeEvent =
  | { type: 'claim-notice'; leaseMs: number }
  | { type: 'report-notice'; report: NoticeReport }
  | { type: 'repeat-notice' }

export function isNoticeEvent<Event extends { type: string }>(
  event: Event | NoticeEvent,
): event is NoticeEvent {
  return /-notice$/.test(event.type)
}

/** The notice of a new task. */
export function beginNotice({ url, keptSeconds }: NewCallback): TaskCallback {
  const { host } = new URL(url)
  return { url, state: 'waiting', attempts: 0, keptSeconds, host, token: 0, isSlow: false }
}

/** The ended task, whose notice is now due. */
export function noticeDue(task: Task, at: Date): Task {
  if (!task.callback) return task
  const { answer, ...callback } = task.callback
  const begun = { state: 'due', attempts: 0, dueAt: at.toISOString(), isSlow: false } as const
  return { ...task, callback: { ...callback, ...begun, token: callback.token + 1 } }
}

/** The retried task, whose notice waits for the end of the task again. */
export function noticeAgain(task: Task): Task {
  if (!task.callback) return task
  const { answer, dueAt, ...callback } = task.callback
  return {
    ...task,
    callback: { ...callback, state: 'waiting', attempts: 0, isSlow: false, token: callback.token + 1 },
  }
}

/**
 *     waiting ──end of the task──> due ──report──> delivered, failed ──repeat──> due
 *                                   └ claim (until its lease ends), report of a failed attempt ──> due, later
 */
export function changeNotice(task: Task, event: NoticeEvent, now: Date): Outcome {
  const { callback } = task
  if (!callback) return refuse('the task has no callback')
  if (event.type === 'repeat-notice')
    return hasEnded(task) ? changed(noticeDue(task, now)) : refuse(`the task is ${task.state}`)
  if (callback.state !== 'due' || callback.dueAt === undefined)
    return refuse(`the notice is ${callback.state}`)
  const { dueAt, ...rest } = callback
  const next = { ...rest, token: callback.token + 1 }
  const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
  if (event.type === 'claim-notice') {
    if (new Date(dueAt) > now) return refuse(`the notice is leased, or due at ${dueAt}`)
    return changed({ ...task, callback: { ...next, dueAt: after(event.leaseMs) } })
  }
  const { report } = event
  if (report.token !== callback.token)
    return refuse('the notice was claimed again, so this report came too late')
  return changed({ ...task, callback: reported(next, report, after) })
}

function reported(callback: TaskCallback, report: NoticeReport, after: (ms: number) => string): TaskCallback {
  if (report.state === 'returned') return { ...callback, isSlow: report.isSlow, dueAt: after(report.retryMs) }
  const tried = { ...callback, attempts: callback.attempts + 1, answer: report.answer, state: report.state }
  return report.state === 'due' ? { ...tried, isSlow: true, dueAt: after(report.retryMs) } : tried
}

function changed(task: Task): Outcome {
  return { kind: 'changed', task }
}
