import { Instant } from './instant.ts'
import { Operations } from './operations.ts'
import { waitQuery } from './page.ts'
import { Problem } from './problem.ts'
import { defineRoute, Nothing } from './route.ts'
import { ImageFacts, TaskError, TaskId } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { ResultName, Variants } from './variants.ts'

const WorkerName = Type.String({ minLength: 1, maxLength: 200 })
const LeaseToken = Type.Integer({ minimum: 1, description: 'The fencing token of the lease' })

/** Bytes inside a JSON document. For small images this costs less than a separate request. */
const Content = Type.String({ description: 'In base64 (RFC 4648, section 4)' })

/** A task as a worker receives it. */
export const Work = Type.Object({
  id: TaskId,
  operations: Type.Optional(Operations),
  variants: Type.Optional(Variants),
  original: Type.Object({
    bytes: Type.Integer({ minimum: 0 }),
    sha256: Type.Optional(Type.String({ description: 'In hex; older masters omit it' })),
    content: Type.Optional(Content),
  }),
  attempt: Type.Integer({ minimum: 1 }),
  isLastAttempt: Type.Optional(Type.Literal(true, { description: 'If this attempt fails, the task fails' })),
  lease: Type.Object({
    token: LeaseToken,
    expiresAt: Instant,
    durationMs: Type.Integer({ minimum: 1, description: 'Counted from each claim or renewal' }),
  }),
})
export type Work = Static<typeof Work>

/** Larger results are sent in a separate request. In base64, this many bytes still fit into a JSON body. */
const maxInlineBytes = 512 * 1024

const WorkRequest = Type.Object({
  worker: WorkerName,
  decodes: Type.Optional(
    Type.String({
      maxLength: 1000,
      description:
        'The optional types that the worker can decode (such as image/heic), separated by commas, and `variants` if it can make variants. The worker gets no originals of other optional types, and without `variants` no tasks with variants',
    }),
  ),
  inline: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: maxInlineBytes,
      description: 'Originals of up to this many bytes are included in the work',
    }),
  ),
})
export type WorkRequest = Static<typeof WorkRequest>

/** A result that the master stores. */
const InlineResult = Type.Object(
  { ...Type.Omit(ImageFacts, ['bytes', 'sha256']).properties, content: Content },
  { additionalProperties: false },
)
export type InlineResult = Static<typeof InlineResult>

const AnyResult = Type.Union([ImageFacts, InlineResult])
const held = { id: TaskId, lease: LeaseToken }

/** The routes for workers. */
export const workRoutes = {
  getWork: defineRoute({
    method: 'GET',
    url: '/getWork',
    worker: true,
    // If the response is lost, the task returns to the queue when its lease expires, and one attempt is used up.
    idempotent: false,
    schema: {
      summary: 'Leases the next task; with `wait`, waits for a task if the queue is empty',
      querystring: Type.Object(
        {
          ...WorkRequest.properties,
          ...waitQuery,
        },
        { additionalProperties: false },
      ),
      response: { 200: Work, 204: Nothing },
    },
  }),
  extendWork: defineRoute({
    method: 'POST',
    url: '/extendWork',
    worker: true,
    idempotent: true,
    schema: {
      summary: 'Renews the lease of a task',
      body: Type.Object(held, { additionalProperties: false }),
      response: {
        200: Type.Object({
          expiresAt: Instant,
          cancelled: Type.Boolean({ description: 'The task was deleted: stop, and report nothing' }),
        }),
        409: Problem,
      },
    },
  }),
  workFinished: defineRoute({
    method: 'POST',
    url: '/workFinished',
    worker: true,
    idempotent: true,
    schema: {
      summary:
        'Reports the results, each stored already or included here; with `next`, also leases the next task',
      body: Type.Object(
        {
          ...held,
          result: Type.Optional(AnyResult),
          variants: Type.Optional(Type.Record(ResultName, AnyResult)),
          next: Type.Optional(Type.Object(WorkRequest.properties, { additionalProperties: false })),
        },
        { additionalProperties: false },
      ),
      response: { 200: Work, 204: Nothing, 409: Problem },
    },
  }),
  workFailed: defineRoute({
    method: 'POST',
    url: '/workFailed',
    worker: true,
    idempotent: true,
    schema: {
      summary: 'Reports a failure; the task runs again if the failure is retryable and attempts are left',
      body: Type.Object(
        { ...held, error: TaskError, retryable: Type.Boolean() },
        { additionalProperties: false },
      ),
      response: { 204: Nothing, 409: Problem },
    },
  }),
  workReturned: defineRoute({
    method: 'POST',
    url: '/workReturned',
    worker: true,
    idempotent: true,
    schema: {
      summary: 'Returns a task unfinished, as a worker does when it shuts down; not counted as an attempt',
      body: Type.Object(held, { additionalProperties: false }),
      response: { 204: Nothing, 409: Problem },
    },
  }),
}
