import { eventRoutes } from './events.ts'
import { grantRoutes } from './grants.ts'
import { ImageStatus, UploadBody } from './image-documents.ts'
import { GivenInstant } from './instant.ts'
import { intakeRoutes } from './intake.ts'
import { keyRoutes } from './keys.ts'
import { linkRoutes } from './links.ts'
import { olderRoutes } from './older-routes.ts'
import { OperationDescription } from './operations.ts'
import { Owner } from './owner.ts'
import { pageNext, pageQuery } from './page.ts'
import { presetRoutes } from './presets.ts'
import { problems } from './problem-types.ts'
import { resumableRoutes } from './resumable.ts'
import { defineRoute, Nothing, ZipBytes } from './route.ts'
import { sessionRoutes } from './session.ts'
import { Stats } from './stats.ts'
import { BytesRequestHeaders, bytesResponses } from './storage.ts'
import { TaskState } from './task.ts'
import { Type } from './typebox/typebox.js'
import { IdempotencyKey, UploadOptions, uploadErrors } from './upload-options.ts'
import { PriorityHeader } from './urgency.ts'
import { ResultName } from './variants.ts'
import { webhookRoutes } from './webhooks.ts'

const params = Type.Object({ id: Type.String() })
const Since = Type.Optional(
  Type.String({
    ...GivenInstant,
    description:
      'Only images that arrived at this instant or later; a resumable upload arrives when it begins',
  }),
)
const Preset = Type.Optional({
  ...ResultName,
  description: 'Only images that were uploaded with this preset',
})
const Prefer = Type.Optional(
  Type.String({ description: 'RFC 7240; `wait=N` waits up to N seconds for the image to be finished' }),
)

export const frontendRoutes = {
  uploadImage: defineRoute({
    method: 'POST',
    url: '/images',
    access: 'grant',
    schema: {
      summary:
        'Accepts an image: raw bytes, multipart/form-data with one file, or application/json (`ImageRequest`) with the `url` of the image, or `from`, the id of an image whose original is developed again',
      querystring: UploadOptions,
      headers: Type.Object({
        'content-length': Type.Optional(Type.String()),
        'idempotency-key': IdempotencyKey,
        prefer: Prefer,
        priority: PriorityHeader,
      }),
      body: UploadBody,
      response: { 200: ImageStatus, 202: ImageStatus, ...uploadErrors },
    },
  }),
  getImage: defineRoute({
    method: 'GET',
    url: '/images/:id',
    access: 'grant',
    schema: {
      summary: 'The status document of an image',
      params,
      headers: Type.Object({ prefer: Prefer }),
      response: { 200: ImageStatus, 404: problems('image-not-found') },
    },
  }),
  retryImages: defineRoute({
    method: 'POST',
    url: '/images/retry',
    access: 'operator',
    schema: {
      summary:
        'Develops again all failed images that match the filters, newest first. If more are left, `next` is the cursor for the next request',
      querystring: Type.Object(
        {
          state: Type.Optional(Type.Literal('failed', { description: 'Only failed images are retried' })),
          type: Type.Optional(
            Type.String({ maxLength: 200, description: 'The type of the problem in `error`' }),
          ),
          owner: Type.Optional(Owner),
          since: Since,
          preset: Preset,
          limit: Type.Optional({
            ...Type.Integer({ minimum: 1, maximum: 10_000 }),
            description: 'How many images to retry at most; default: 1000',
          }),
          cursor: pageQuery.cursor,
          count: Type.Optional(
            Type.Literal('only', { description: 'Retries nothing; `retried` counts the images that match' }),
          ),
        },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({ retried: Type.Integer({ minimum: 0 }), ...pageNext }),
        400: problems('invalid-request', 'invalid-cursor'),
      },
    },
  }),
  getArchive: defineRoute({
    method: 'GET',
    url: '/images/archive',
    schema: {
      summary: 'A zip of the results of up to 200 finished images, named by their ids or by the given names',
      querystring: Type.Object(
        {
          ids: Type.String({ minLength: 1, maxLength: 10_000, description: 'Separated by commas' }),
          without: Type.Optional(
            Type.String({
              maxLength: 1000,
              description: 'Names of variants that are left out, separated by commas',
            }),
          ),
          names: Type.Optional(
            Type.String({
              maxLength: 20_000,
              description:
                'File names without extensions, in the order of the ids, separated by slashes. Unsafe characters are replaced, and equal names are numbered; an image without a name is named by its id',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      response: {
        200: ZipBytes,
        400: problems('invalid-request'),
        404: problems('image-not-found', 'variant-not-found', 'no-result', 'image-gone'),
        409: problems('not-ready'),
        422: problems('image-failed'),
      },
    },
  }),
  retryImage: defineRoute({
    method: 'POST',
    url: '/images/:id/retry',
    schema: {
      summary: 'Develops a failed image again, with a full set of attempts',
      params,
      response: { 202: ImageStatus, 404: problems('image-not-found'), 409: problems('not-failed') },
    },
  }),
  repeatCallback: defineRoute({
    method: 'POST',
    url: '/images/:id/callback',
    schema: {
      summary: 'Sends the webhook of a finished or failed image again, with a full set of attempts',
      params,
      response: {
        202: ImageStatus,
        404: problems('image-not-found'),
        409: problems('no-callback', 'not-ended'),
      },
    },
  }),
  ...eventRoutes,
  getResult: defineRoute({
    method: 'GET',
    url: '/images/:id/result',
    access: 'grant',
    schema: {
      summary: 'The developed image',
      params,
      headers: BytesRequestHeaders,
      response: bytesResponses,
    },
  }),
  getOriginal: defineRoute({
    method: 'GET',
    url: '/images/:id/original',
    access: 'grant',
    schema: {
      summary: 'The image as it was uploaded',
      params,
      headers: BytesRequestHeaders,
      response: bytesResponses,
    },
  }),
  getVariant: defineRoute({
    method: 'GET',
    url: '/images/:id/variants/:name',
    access: 'grant',
    schema: {
      summary: 'A variant of the developed image',
      params: Type.Object({ id: Type.String(), name: Type.String() }),
      headers: BytesRequestHeaders,
      response: bytesResponses,
    },
  }),
  deleteImage: defineRoute({
    method: 'DELETE',
    url: '/images/:id',
    schema: {
      summary: 'Deletes an image and its bytes, and cancels its development',
      params,
      response: { 204: Nothing, 404: problems('image-not-found'), 412: problems('precondition-failed') },
    },
  }),
  deleteByKey: defineRoute({
    method: 'DELETE',
    url: '/images',
    schema: {
      summary:
        'Deletes the image that was uploaded with an Idempotency-Key. An upload with this key that is still in progress, or ends within ten minutes, leaves no image',
      querystring: Type.Object(
        {
          idempotencyKey: Type.String({
            minLength: 1,
            maxLength: 255,
            description: 'The Idempotency-Key of the upload',
          }),
        },
        { additionalProperties: false },
      ),
      response: { 204: Nothing, 429: problems('too-many-deletions') },
    },
  }),
  listImages: defineRoute({
    method: 'GET',
    url: '/images',
    access: 'grant',
    schema: {
      summary: 'Images, newest first',
      querystring: Type.Object(
        { state: Type.Optional(TaskState), since: Since, preset: Preset, ...pageQuery },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({ images: Type.Array(ImageStatus), ...pageNext }),
        400: problems('invalid-request', 'invalid-cursor'),
      },
    },
  }),
  listOperations: defineRoute({
    method: 'GET',
    url: '/operations',
    schema: {
      summary: 'Lists the operations that can be applied to an image',
      response: {
        200: Type.Object({ operations: Type.Array(OperationDescription) }),
      },
    },
  }),
  getStats: defineRoute({
    method: 'GET',
    url: '/stats',
    access: 'operator',
    schema: {
      summary: 'Counts, throughput, durations, failures, workers and services',
      response: { 200: Stats },
    },
  }),
  ...olderRoutes,
  ...resumableRoutes,
  ...presetRoutes,
  ...intakeRoutes,
  ...sessionRoutes,
  ...keyRoutes,
  ...grantRoutes,
  ...linkRoutes,
  ...webhookRoutes,
}
