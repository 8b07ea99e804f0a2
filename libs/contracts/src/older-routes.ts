import { UploadBytes } from './image-documents.ts'
import { defineRoute } from './route.ts'
import { BytesRequestHeaders, bytesResponses } from './storage.ts'
import { Type } from './typebox/typebox.js'
import { IdempotencyKey, UploadOptions, uploadErrors } from './upload-options.ts'
import { PriorityHeader } from './urgency.ts'

const idQuery = Type.Object({ id: Type.String({ maxLength: 200 }) }, { additionalProperties: false })

/** Three older paths, which answer in plain text. */
export const olderRoutes = {
  newImage: defineRoute({
    method: 'POST',
    url: '/newImage',
    schema: {
      summary: 'Like POST /images, but returns the id as plain text',
      querystring: UploadOptions,
      headers: Type.Object({ 'idempotency-key': IdempotencyKey, priority: PriorityHeader }),
      body: UploadBytes,
      response: { 202: Type.String(), ...uploadErrors },
    },
  }),
  isReady: defineRoute({
    method: 'GET',
    url: '/image/isReady',
    schema: {
      summary: '`not found`, `in progress`, `finished` or `failed`, as plain text',
      querystring: idQuery,
      response: { 200: Type.String() },
    },
  }),
  getLegacyResult: defineRoute({
    method: 'GET',
    url: '/image/get',
    schema: {
      summary: 'The developed image',
      querystring: idQuery,
      headers: BytesRequestHeaders,
      response: bytesResponses,
    },
  }),
}
