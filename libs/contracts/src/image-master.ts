import { Operations } from './operations.ts'
import { Owner } from './owner.ts'
import { waitQuery } from './page.ts'
import { Problem } from './problem.ts'
import { Bytes, defineRoute, Nothing } from './route.ts'
import { BytesRequestHeaders, bytesResponses } from './storage.ts'
import { ImageFacts, Task, TaskError, TaskId } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { PriorityHeader } from './urgency.ts'

const WorkerName = Type.String({ minLength: 1, maxLength: 200 })
const LeaseToken = Type.Integer({ minimum: 1, description: 'The fencing token of the lease' })

/** Bytes within a JSON document: where they are few, that costs less than a request of their own. */
const Content = Type.String({ description: 'In base64 (RFC 4648, section 4)' })

/** A task as a worker gets it. */
export const Work = Type.Object({
  id: TaskId,
  operations: Operations,
  original: Type.Object({
    bytes: Type.Integer({ minimum: 0 }),
    content: Type.Optional(Content),
  }),
  attempt: Type.Integer({ minimum: 1 }),
  lease: Type.Object({
    token: LeaseToken,
    expiresAt: Type.String({ format: 'date-time' }),
    durationMs: Type.Integer({ minimum: 1, description: 'From when it was granted, and renewed, on' }),
  }),
})
export type Work = Static<typeof Work>

/** The original design's four words for what becomes of an image. */
export const readiness = ['not found', 'in progress', 'finished', 'failed'] as const
export type Readiness = (typeof readiness)[number]

/** More than that has a request of its own. In base64 it stays below what a JSON body may hold. */
export const maxInlineBytes = 512 * 1024

const WorkRequest = Type.Object({
  worker: WorkerName,
  decodes: Type.Optional(
    Type.String({
      maxLength: 1000,
      description:
        'The optional types that the worker decodes (image/heic), separated by commas; originals of the others go to other workers',
    }),
  ),
  inline: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: maxInlineBytes,
      description: 'Originals of up to so many bytes come with the work',
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

const idQuery = Type.Object({ id: Type.String({ maxLength: 200 }) }, { additionalProperties: false })
const idAndOwnerQuery = Type.Object(
  {
    ...idQuery.properties,
    owner: Type.Optional({
      ...Owner,
      description: 'Images of others are answered like images that are not there',
    }),
  },
  { additionalProperties: false },
)
const held = { id: TaskId, lease: LeaseToken }

export const imageMasterRoutes = {
  newImage: defineRoute({
    method: 'POST',
    url: '/newImage',
    schema: {
      summary: 'Takes an image in; answers once bytes and task are on disk',
      querystring: Type.Object(
        { operations: Type.Optional(Type.String({ maxLength: 10_000 })), owner: Type.Optional(Owner) },
        { additionalProperties: false },
      ),
      headers: Type.Object({
        'content-length': Type.Optional(Type.String()),
        'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        priority: PriorityHeader,
      }),
      body: Bytes,
      response: {
        202: Task,
        400: Problem,
        413: Problem,
        415: Problem,
        422: Problem,
        429: Problem,
        503: Problem,
      },
    },
  }),
  isReady: defineRoute({
    method: 'GET',
    url: '/isReady',
    schema: {
      summary: 'What has become of an image, in one of four words',
      querystring: idAndOwnerQuery,
      response: { 200: Type.Object({ status: Type.Enum(readiness) }) },
    },
  }),
  get: defineRoute({
    method: 'GET',
    url: '/get',
    schema: {
      summary: 'The developed image',
      querystring: idQuery,
      headers: BytesRequestHeaders,
      response: bytesResponses,
    },
  }),
  getWork: defineRoute({
    method: 'GET',
    url: '/getWork',
    // A claim whose answer is lost comes back when its lease expires, at the price of an attempt.
    idempotent: false,
    schema: {
      summary: 'Leases the next task; with `wait`, held back until there is one',
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
    idempotent: true,
    schema: {
      summary: 'Renews the lease of a task being worked on',
      body: Type.Object(held, { additionalProperties: false }),
      response: {
        200: Type.Object({
          expiresAt: Type.String({ format: 'date-time' }),
          cancelled: Type.Boolean({ description: 'The task is gone: stop, and report nothing' }),
        }),
        409: Problem,
      },
    },
  }),
  workFinished: defineRoute({
    method: 'POST',
    url: '/workFinished',
    idempotent: true,
    schema: {
      summary:
        'The result is stored, or comes along to be stored; with `next`, leases the next task, if there is one',
      body: Type.Object(
        {
          ...held,
          result: Type.Union([ImageFacts, InlineResult]),
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
    idempotent: true,
    schema: {
      summary: 'There is no result; the task runs again if that may help and attempts are left',
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
    idempotent: true,
    schema: {
      summary: 'Returned by a worker that shuts down; not counted as an attempt',
      body: Type.Object(held, { additionalProperties: false }),
      response: { 204: Nothing, 409: Problem },
    },
  }),
}
