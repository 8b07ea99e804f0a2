import { CheckedCallbackUrl } from './callback.ts'
import { Owner } from './owner.ts'
import { problems } from './problem-types.ts'
import { Bytes, defineRoute } from './route.ts'
import { BytesRequestHeaders, bytesResponses } from './storage.ts'
import { Task, TaskId } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { imageErrors } from './upload-options.ts'
import { PriorityHeader } from './urgency.ts'
import { ResultName } from './variants.ts'
import { workRoutes } from './work.ts'

/** The state of an image in the words of the three older paths. */
export const readiness = ['not found', 'in progress', 'finished', 'failed'] as const
export type Readiness = (typeof readiness)[number]

/** Limits of uploads, and how long images are kept; they can be changed while the master runs. */
export const Limits = Type.Object({
  maxUploadBytes: Type.Integer(),
  maxQueued: Type.Integer(),
  maxQueuedPerOwner: Type.Integer(),
  retentionSeconds: Type.Optional(
    Type.Number({ description: 'How long ended images are kept; absent in responses of earlier versions' }),
  ),
})
export type Limits = Static<typeof Limits>

const idQuery = Type.Object({ id: Type.String({ maxLength: 200 }) }, { additionalProperties: false })
const idAndOwnerQuery = Type.Object(
  {
    ...idQuery.properties,
    owner: Type.Optional({
      ...Owner,
      description: 'Images of other owners get the same response as images that do not exist',
    }),
  },
  { additionalProperties: false },
)

const options = {
  operations: Type.Optional(Type.String({ maxLength: 64_000 })),
  variants: Type.Optional(Type.String({ maxLength: 64_000 })),
  preset: Type.Optional({
    ...ResultName,
    description: 'The frontend has already expanded it; it is only recorded',
  }),
  callback: Type.Optional(CheckedCallbackUrl),
  owner: Type.Optional(Owner),
}

const newImageHeaders = {
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  priority: PriorityHeader,
}

export const imageMasterRoutes = {
  newImage: defineRoute({
    method: 'POST',
    url: '/newImage',
    schema: {
      summary: 'Accepts an image; answers once its bytes and task are on disk',
      querystring: Type.Object(
        {
          id: Type.Optional({
            ...TaskId,
            description: 'The id of the image; if the image exists, it is returned unchanged',
          }),
          ...options,
        },
        { additionalProperties: false },
      ),
      headers: Type.Object({ 'content-length': Type.Optional(Type.String()), ...newImageHeaders }),
      body: Bytes,
      response: { 202: Task, ...imageErrors },
    },
  }),
  copyImage: defineRoute({
    method: 'POST',
    url: '/newImage/from',
    schema: {
      summary: 'Accepts another development of a stored original, which is copied for the new image',
      headers: Type.Object(newImageHeaders),
      body: Type.Object({ ...options, from: TaskId }, { additionalProperties: false }),
      response: {
        202: Task,
        404: problems('image-not-found'),
        410: problems('original-gone'),
        ...imageErrors,
      },
    },
  }),
  isReady: defineRoute({
    method: 'GET',
    url: '/isReady',
    schema: {
      summary: 'The state of an image: `not found`, `in progress`, `finished` or `failed`',
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
  getLimits: defineRoute({
    method: 'GET',
    url: '/limits',
    schema: {
      summary: 'The limits of uploads, as they are now',
      response: { 200: Limits },
    },
  }),
  ...workRoutes,
}
