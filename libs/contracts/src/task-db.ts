import { defineBatch } from './batch.ts'
import { NewCallback } from './callback.ts'
import { GivenInstant, Instant } from './instant.ts'
import { noticeRoutes } from './notices.ts'
import { Operations } from './operations.ts'
import { DecodedTypes } from './optional-types.ts'
import { Owner } from './owner.ts'
import { pageNext, pageQuery, waitQuery } from './page.ts'
import { Problem } from './problem.ts'
import { Bytes, defineRoute, Nothing } from './route.ts'
import { LastHour } from './stats.ts'
import { ImageFacts, Results, Task, TaskError, TaskId, TaskState } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { Urgency } from './urgency.ts'
import { Variants } from './variants.ts'

const params = Type.Object({ id: TaskId })
const Since = Type.Optional(
  Type.String({ ...GivenInstant, description: 'Only tasks that arrived at this instant or later' }),
)
const IdempotencyKey = Type.String({ minLength: 1, maxLength: 255 })
const FencingToken = Type.Integer({ minimum: 1 })
export const LeaseMs = Type.Integer({ minimum: 100, maximum: 3_600_000 })

export const NewTask = Type.Object(
  {
    state: Type.Literal('not-started'),
    owner: Type.Optional(Owner),
    operations: Type.Optional(Operations),
    variants: Type.Optional(Variants),
    preset: Task.properties.preset,
    from: Task.properties.from,
    original: ImageFacts,
    urgency: Type.Optional(Urgency),
    maxAttempts: Type.Integer({ minimum: 1 }),
    idempotencyKey: Type.Optional(IdempotencyKey),
    callback: Type.Optional(NewCallback),
  },
  { additionalProperties: false },
)
export type NewTask = Static<typeof NewTask>

const claim = { worker: Type.String({ minLength: 1, maxLength: 200 }), leaseMs: LeaseMs }
const Claim = Type.Object(
  { ...claim, decodes: Type.Optional(DecodedTypes) },
  {
    additionalProperties: false,
    description:
      'Tasks with variants, and tasks whose original has an optional type, are skipped unless `decodes` contains `variants`, or the type',
  },
)

/** Events that the holder of a lease may report for its task. */
export const LeaseHolderEvent = Type.Union([
  Type.Object(
    { state: Type.Literal('finished'), token: FencingToken, ...Results.properties },
    { additionalProperties: false },
  ),
  Type.Object(
    { state: Type.Literal('failed'), token: FencingToken, error: TaskError, retryable: Type.Boolean() },
    {
      additionalProperties: false,
      description: 'The task returns to not-started if the failure is retryable and attempts are left',
    },
  ),
  Type.Object(
    { state: Type.Literal('returned'), token: FencingToken },
    { additionalProperties: false, description: 'Returned unfinished; the attempt is not counted' },
  ),
])
export type LeaseHolderEvent = Static<typeof LeaseHolderEvent>

const Count = Type.Integer({ minimum: 0 })

export const TaskStats = Type.Object({
  'not-started': Count,
  'in-progress': Count,
  finished: Count,
  failed: Count,
  oldestNotStartedAt: Type.Optional(Instant),
})
export type TaskStats = Static<typeof TaskStats>

/**
 * A line of the change feed: a task has a new version, or was deleted. If lines may have been missed, a line `unknown`
 * follows.
 */
export const TaskChangeLine = Type.Union([
  Type.Object({
    kind: Type.Literal('stored'),
    id: TaskId,
    version: Task.properties.version,
    state: TaskState,
    owner: Type.Optional(Owner),
    isNoticeDue: Type.Optional(Type.Boolean()),
    task: Type.Optional({ ...Task, description: 'Earlier versions do not send it: read the task then' }),
  }),
  Type.Object({ kind: Type.Literal('deleted'), id: TaskId }),
  Type.Object(
    { kind: Type.Literal('unknown') },
    { description: 'Changes may have been missed: read the tasks again' },
  ),
])
export type TaskChangeLine = Static<typeof TaskChangeLine>

const taskRoutes = {
  putTask: defineRoute({
    method: 'POST',
    url: '/tasks/:id',
    idempotent: true,
    schema: {
      summary:
        'Creates a task, or applies an event of its lease holder. A repeated message changes nothing, and its response has `idempotent-replayed: true`',
      params,
      body: Type.Union([NewTask, LeaseHolderEvent]),
      response: {
        200: Task,
        201: Task,
        404: Problem,
        409: Problem,
      },
    },
  }),
  getTask: defineRoute({
    method: 'GET',
    url: '/tasks/:id',
    schema: {
      summary: 'Reads a task',
      params,
      response: { 200: Task, 404: Problem },
    },
  }),
  findByKey: defineRoute({
    method: 'GET',
    url: '/tasks/by-key',
    schema: {
      summary:
        'Reads the task that an owner created with an idempotency key; without `owner`, a task without an owner',
      querystring: Type.Object(
        { owner: Type.Optional(Owner), idempotencyKey: IdempotencyKey },
        { additionalProperties: false },
      ),
      response: { 200: Task, 404: Problem },
    },
  }),
  listTasks: defineRoute({
    method: 'GET',
    url: '/tasks',
    schema: {
      summary: 'Tasks, newest first',
      querystring: Type.Object(
        {
          owner: Type.Optional(Owner),
          state: Type.Optional(TaskState),
          preset: Task.properties.preset,
          endedBefore: Type.Optional(GivenInstant),
          since: Since,
          ...pageQuery,
        },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ tasks: Type.Array(Task), ...pageNext }) },
    },
  }),
  deleteTask: defineRoute({
    method: 'DELETE',
    url: '/tasks/:id',
    schema: {
      summary: 'Deletes a task, in any state',
      params,
      response: { 204: Nothing, 404: Problem },
    },
  }),
  claimTask: defineRoute({
    method: 'POST',
    url: '/tasks/claim',
    schema: {
      summary:
        'Leases the oldest of the most urgent tasks of the owner whose turn it is; with `wait`, waits for a task if there is none',
      querystring: Type.Object({ ...waitQuery }, { additionalProperties: false }),
      body: Claim,
      response: { 200: Task, 204: Nothing },
    },
  }),
  claimGivenTask: defineRoute({
    method: 'POST',
    url: '/tasks/:id/claim',
    schema: {
      summary:
        'Leases this task if it is not started, or a more urgent task of its owner, which takes its turn; for a queue that keeps its own order',
      params,
      body: {
        ...Claim,
        description: 'A task with variants is refused unless `decodes` contains `variants`',
      } as typeof Claim,
      response: { 200: Task, 404: Problem, 409: Problem },
    },
  }),
  retryTask: defineRoute({
    method: 'POST',
    url: '/tasks/:id/retry',
    schema: {
      summary: 'Puts a failed task back into the queue, with a full set of attempts',
      params,
      response: { 200: Task, 404: Problem, 409: Problem },
    },
  }),
  renewLease: defineRoute({
    method: 'POST',
    url: '/tasks/:id/lease',
    idempotent: true,
    schema: {
      summary: 'Renews a lease, counted from now',
      params,
      body: Type.Object({ token: FencingToken, leaseMs: LeaseMs }, { additionalProperties: false }),
      response: { 200: Task, 404: Problem, 409: Problem },
    },
  }),
  findUnknown: defineRoute({
    method: 'POST',
    url: '/tasks/unknown',
    idempotent: true,
    schema: {
      summary: 'Returns the ids that belong to no task',
      body: Type.Object(
        { ids: Type.Array(Type.String({ maxLength: 128 }), { maxItems: 1000 }) },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ ids: Type.Array(Type.String()) }) },
    },
  }),
  ...noticeRoutes,
  followChanges: defineRoute({
    method: 'GET',
    url: '/changes',
    schema: {
      summary:
        'Streams every change of a task from now on, as one line of JSON each (`TaskChangeLine`). Empty lines in between keep the connection open',
      response: { 200: Bytes },
    },
  }),
  countWaiting: defineRoute({
    method: 'GET',
    url: '/tasks/waiting',
    schema: {
      summary: 'How many tasks of an owner are not started',
      querystring: Type.Object({ owner: Owner }, { additionalProperties: false }),
      response: { 200: Type.Object({ count: Count }) },
    },
  }),
  getStats: defineRoute({
    method: 'GET',
    url: '/stats',
    schema: { summary: 'How many tasks are in each state', response: { 200: TaskStats } },
  }),
  getLastHour: defineRoute({
    method: 'GET',
    url: '/stats/last-hour',
    schema: {
      summary: 'Throughput, durations and failures of the last hour, of all copies of the service together',
      response: { 200: LastHour },
    },
  }),
}

const { putTask, getTask, claimTask, claimGivenTask, renewLease } = taskRoutes

/** The routes whose calls may be sent in batches. */
export const batchedTaskRoutes = { putTask, getTask, claimTask, claimGivenTask, renewLease }

export const taskDbRoutes = { ...taskRoutes, answerBatch: defineBatch(batchedTaskRoutes) }
