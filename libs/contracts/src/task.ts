import { TaskCallback } from './callback.ts'
import { Instant } from './instant.ts'
import { Operations } from './operations.ts'
import { Owner } from './owner.ts'
import { type Static, Type } from './typebox/typebox.js'
import { Urgency } from './urgency.ts'
import { maxVariants, ResultName } from './variants.ts'

export const taskStates = ['not-started', 'in-progress', 'finished', 'failed'] as const
export type TaskState = (typeof taskStates)[number]
export const TaskState = Type.Enum(taskStates)

export function hasEnded(task: { state: TaskState }): boolean {
  return task.state === 'finished' || task.state === 'failed'
}

/** The smallest id of an image that arrived at this instant (in milliseconds since 1970) or later. */
export function leastIdSince(ms: number): string {
  const digits = Math.min(Math.max(0, Math.ceil(ms)), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`
}

/** Time-ordered (RFC 9562, version 7): the order of ids is the order of arrival. */
export const TaskId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$',
})

/** Services send it as a header; HTTP clients and servers refuse most other characters there. */
const ContentType = Type.String({ pattern: '^[!-~]+( [!-~]+)*$', maxLength: 200 })
/** More than any store holds in one object. Sums of many sizes must stay exact, because counters refuse inexact numbers. */
const maxBytes = 2 ** 43
const Extent = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })

/** Facts about a stored image. Width and height are in pixels, of one frame, as displayed. */
export const ImageFacts = Type.Object({
  contentType: ContentType,
  bytes: Type.Integer({ minimum: 0, maximum: maxBytes }),
  width: Extent,
  height: Extent,
  frames: Extent,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the whole file, in hex' }),
})
export type ImageFacts = Static<typeof ImageFacts>

/** The usual file extension for this type, without the dot. */
export function fileExtensionOf(contentType: string): string {
  return contentType.replace('image/', '').replace('jpeg', 'jpg').replace('tiff', 'tif')
}

/** Why a task failed, in a form that helps its owner to fix it. */
export const TaskError = Type.Object({
  // Failures are counted by type, and not every store can count by every text.
  type: Type.String({ pattern: '^[!-~]{1,200}$' }),
  title: Type.String(),
  detail: Type.String(),
})
export type TaskError = Static<typeof TaskError>

/**
 * The right to work on a task until it expires. The token is a fencing token: it grows with every claim of the task,
 * so the holder of an older token can be refused (Kleppmann, "How to do distributed locking", 2016).
 */
export const Lease = Type.Object({
  token: Type.Integer({ minimum: 1 }),
  worker: Type.String({ minLength: 1, maxLength: 200 }),
  since: Type.Optional({
    ...Instant,
    description: 'When the task was claimed; absent in leases of earlier versions',
  }),
  expiresAt: Instant,
  durationMs: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'The duration that was granted; absent in leases of earlier versions',
    }),
  ),
})
export type Lease = Static<typeof Lease>

/** Results besides the main result; each has the facts of its bytes once the task is finished. */
export const TaskVariants = Type.Record(
  ResultName,
  Type.Object({ operations: Operations, result: Type.Optional(ImageFacts) }),
  { minProperties: 1, maxProperties: maxVariants, additionalProperties: false },
)
export type TaskVariants = Static<typeof TaskVariants>

/** The results of a finished task, without the operations. */
export const Results = Type.Object(
  { result: Type.Optional(ImageFacts), variants: Type.Optional(Type.Record(ResultName, ImageFacts)) },
  { additionalProperties: false },
)
export type Results = Static<typeof Results>

export const Task = Type.Object({
  id: TaskId,
  owner: Type.Optional(Owner),
  state: TaskState,
  version: Type.Integer({ minimum: 1, description: 'Grows with every change of state' }),
  operations: Type.Optional({ ...Operations, description: 'Absent if only variants are made' }),
  variants: Type.Optional(TaskVariants),
  preset: Type.Optional(ResultName),
  from: Type.Optional({ ...TaskId, description: 'The image whose original was copied' }),
  original: ImageFacts,
  urgency: Urgency,
  turn: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'The place of the task among all waiting tasks; tasks with equal turns are ordered by urgency, then by id. Absent means 0, the first place',
    }),
  ),
  attempts: Type.Integer({ minimum: 0, description: 'Attempts that were started and not returned' }),
  maxAttempts: Type.Integer({ minimum: 1 }),
  claims: Type.Integer({ minimum: 0, description: 'Number of fencing tokens granted so far' }),
  createdAt: Instant,
  startedAt: Type.Optional({
    ...Instant,
    description: 'When the first attempt began, counted from the last retry by a client',
  }),
  finishedAt: Type.Optional(Instant),
  retriedAt: Type.Optional({ ...Instant, description: 'When a client last retried the failed task' }),
  lease: Type.Optional(Lease),
  result: Type.Optional(ImageFacts),
  error: Type.Optional(TaskError),
  callback: Type.Optional(TaskCallback),
  idempotencyKey: Type.Optional(Type.String({ description: 'Unique among the tasks of one owner' })),
})
export type Task = Static<typeof Task>
