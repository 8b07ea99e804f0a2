import {
  canMake,
  defaultUrgency,
  hasEnded,
  type Lease,
  type NewTask,
  outputsOf,
  problemType,
  type Results,
  type Task,
  type TaskError,
  type TaskState,
} from '@darkroom/contracts'
import { type Outcome, refuse } from './event-outcome.ts'
import {
  beginNotice,
  changeNotice,
  isNoticeEvent,
  type NoticeEvent,
  noticeAgain,
  noticeDue,
} from './notices.ts'

/**
 * The events of a task. All except `claim`, `expire` and `retry` come from the holder of its lease, and have its fencing
 * token.
 */
export type TaskEvent =
  | ClaimEvent
  | { type: 'renew'; token: number; leaseMs: number }
  | ({ type: 'finish'; token: number } & Results)
  | { type: 'fail'; token: number; error: TaskError; retryable: boolean }
  | { type: 'return'; token: number }
  | { type: 'expire' }
  /** `turn` is the new turn; tasks without an owner have none. */
  | { type: 'retry'; turn?: number }
  | NoticeEvent

export interface ClaimEvent {
  type: 'claim'
  worker: string
  leaseMs: number
  /** The abilities of the worker. If absent, it can do the given task, and nothing else is known about it. */
  decodes?: readonly string[] | undefined
}

export type StateEvent = Exclude<TaskEvent, NoticeEvent>

/**
 *     not-started ──claim──> in-progress ──finish──> finished
 *          ^                     │ return, or fail and expire with attempts left
 *          └─────────────────────┤
 *                                └ fail and expire otherwise ──> failed ──retry──> not-started
 */
const transitions: Readonly<Record<StateEvent['type'], { from: TaskState; to: readonly TaskState[] }>> = {
  claim: { from: 'not-started', to: ['in-progress'] },
  renew: { from: 'in-progress', to: ['in-progress'] },
  finish: { from: 'in-progress', to: ['finished'] },
  fail: { from: 'in-progress', to: ['failed', 'not-started'] },
  return: { from: 'in-progress', to: ['not-started'] },
  expire: { from: 'in-progress', to: ['failed', 'not-started'] },
  retry: { from: 'failed', to: ['not-started'] },
}

/** A new task. Only the fields that a creator may set are copied. */
export function beginTask(id: string, given: NewTask, now: Date, turn?: number): Task {
  const { owner, operations, variants, preset, from, original } = given
  const { maxAttempts, idempotencyKey, callback } = given
  return {
    id,
    ...(owner !== undefined && { owner }),
    state: 'not-started',
    version: 1,
    ...(operations && { operations }),
    ...(variants && { variants }),
    ...(preset !== undefined && { preset }),
    ...(from !== undefined && { from }),
    original,
    urgency: given.urgency ?? defaultUrgency,
    ...(turn !== undefined && { turn }),
    attempts: 0,
    maxAttempts,
    claims: 0,
    createdAt: now.toISOString(),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(callback && { callback: beginNotice(callback) }),
  }
}

/**
 * Returns the task after the event, or the reason why the event changes nothing. A pure function, the same for every engine.
 * Leases begin and end by `leaseTime`, which need not be the time of day.
 */
export function transition(task: Task, event: TaskEvent, now: Date, leaseTime = now): Outcome {
  if (isNoticeEvent(event)) return changeNotice(task, event, leaseTime)
  const { from, to } = transitions[event.type]
  if ('token' in event && event.token !== task.claims) {
    return refuse(
      `the task was leased again: the token ${event.token} is not the current token ${task.claims}`,
    )
  }
  if (task.state !== from) {
    const isRepeated = 'token' in event && event.type !== 'renew' && outcomes(event, to).includes(task.state)
    return isRepeated ? { kind: 'repeated', task } : refuse(`the task is ${task.state}, not ${from}`)
  }
  // The lease may have been renewed since it was read.
  if (event.type === 'expire' && task.lease && new Date(task.lease.expiresAt) > leaseTime) {
    return refuse(`the lease holds until ${task.lease.expiresAt}`)
  }
  if (event.type === 'claim' && event.decodes && !canMake(event.decodes, task))
    return refuse('the task has variants, which this worker does not support')
  if (event.type === 'finish') {
    const missing = missingOutputs(task, event)
    if (missing.length > 0) return refuse(`the report has no result for ${missing.join(', ')}`)
  }
  const changed = apply(task, event, now, leaseTime)
  return { kind: 'changed', task: hasEnded(changed) ? noticeDue(changed, leaseTime) : changed }
}

/** A failure that is not retryable, but arrives while the task waits again, came too late and is refused. */
function outcomes(event: StateEvent, to: readonly TaskState[]): readonly TaskState[] {
  return event.type === 'fail' && !event.retryable ? ['failed'] : to
}

function apply(task: Task, event: StateEvent, now: Date, leaseTime: Date): Task {
  const { lease, ...rest } = task
  const next = { ...rest, version: task.version + 1 }
  switch (event.type) {
    case 'claim': {
      const token = task.claims + 1
      return {
        ...next,
        state: 'in-progress',
        attempts: task.attempts + 1,
        claims: token,
        startedAt: task.startedAt ?? now.toISOString(),
        lease: {
          token,
          worker: event.worker,
          since: now.toISOString(),
          ...leaseFrom(leaseTime, event.leaseMs),
        },
      }
    }
    case 'renew':
      return { ...task, ...(lease && { lease: { ...lease, ...leaseFrom(leaseTime, event.leaseMs) } }) }
    case 'finish':
      return { ...withResults(next, event), state: 'finished', finishedAt: now.toISOString() }
    case 'fail':
      return event.retryable ? retryOrFail(next, event.error, now) : fail(next, event.error, now)
    case 'return':
      return { ...next, state: 'not-started', attempts: task.attempts - 1 }
    case 'expire':
      return retryOrFail(next, workerLost(lease?.worker ?? 'the worker', task.attempts), now)
    case 'retry':
      return retried(next, now, event.turn)
  }
}

/** The outputs of the task for which the report has no facts. */
function missingOutputs(task: Task, { result, variants = {} }: Results): string[] {
  return outputsOf(task).flatMap(({ name }) => {
    const facts = name === undefined ? result : variants[name]
    return facts ? [] : [name ?? 'its operations']
  })
}

function withResults(task: Task, { result, variants = {} }: Results): Task {
  const finished = { ...task, ...(task.operations && result && { result }) }
  if (!task.variants) return finished
  const named = Object.entries(task.variants).map(([name, { operations }]) => {
    const facts = variants[name]
    return [name, { operations, ...(facts && { result: facts }) }]
  })
  return { ...finished, variants: Object.fromEntries(named) }
}

function retryOrFail(task: Task, error: TaskError, now: Date): Task {
  return task.attempts < task.maxAttempts ? { ...task, state: 'not-started' } : fail(task, error, now)
}

/** Fencing tokens continue: a worker of an earlier attempt may still send its result, which must be refused. */
function retried({ error, startedAt, finishedAt, ...task }: Task, now: Date, turn: number | undefined): Task {
  const again = {
    ...noticeAgain(task),
    state: 'not-started',
    attempts: 0,
    retriedAt: now.toISOString(),
  } as const
  return { ...again, ...(turn !== undefined && { turn }) }
}

function fail(task: Task, error: TaskError, now: Date): Task {
  return { ...task, state: 'failed', error, finishedAt: now.toISOString() }
}

function workerLost(worker: string, attempts: number): TaskError {
  return {
    type: problemType('worker-lost'),
    title: 'The worker was lost',
    detail: `${worker} stopped renewing its lease while it developed this image (attempt ${attempts}, the last)`,
  }
}

function leaseFrom(begin: Date, durationMs: number): Pick<Lease, 'expiresAt' | 'durationMs'> {
  return { expiresAt: new Date(begin.getTime() + durationMs).toISOString(), durationMs }
}

/**
 * The event that shortens a lease to its duration if it ends later than that; otherwise undefined. Such a lease remains only
 * after a clock was set back. A dead worker would then keep its task until the clock has caught up.
 */
export function cutLease(task: Task, leaseTime: Date): TaskEvent | undefined {
  const { expiresAt, durationMs } = task.lease ?? {}
  if (expiresAt === undefined || durationMs === undefined) return undefined
  const leftMs = new Date(expiresAt).getTime() - leaseTime.getTime()
  return leftMs > durationMs ? { type: 'renew', token: task.claims, leaseMs: durationMs } : undefined
}
