import { Instant } from './instant.ts'
import { pageNext, pageQuery } from './page.ts'
import { Problem } from './problem.ts'
import { problems } from './problem-types.ts'
import { alias, Bytes, defineRoute, ImageBytes, Nothing } from './route.ts'
import { Disk } from './stats.ts'
import { type Static, Type } from './typebox/typebox.js'

export const stages = ['pre', 'post'] as const
export type Stage = (typeof stages)[number]

const params = Type.Object({
  key: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$' }),
  stage: Type.Enum(stages, { description: 'pre: as uploaded; post: as developed' }),
})

/** Headers of a request for bytes. RFC 9110 defines the responses to all of them. */
export const BytesRequestHeaders = Type.Object({
  'if-match': Type.Optional(Type.String()),
  'if-modified-since': Type.Optional(Type.String()),
  'if-unmodified-since': Type.Optional(Type.String()),
  range: Type.Optional(Type.String()),
  'if-range': Type.Optional(Type.String()),
  'if-none-match': Type.Optional(Type.String()),
})

/** The responses to a request for an image's bytes, from services that read its task first. */
export const bytesResponses = {
  200: ImageBytes,
  206: ImageBytes,
  304: Nothing,
  404: problems('image-not-found', 'variant-not-found', 'no-result', 'image-gone'),
  409: problems('not-ready'),
  412: problems('precondition-failed'),
  416: problems('range-not-satisfiable'),
  422: problems('image-failed'),
}

/** Fencing tokens: every engine can store them, because they fit into the integers of SQLite and of JavaScript. */
const Fence = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

export const StoredBlob = Type.Object({
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ description: 'SHA-256 of the whole blob, in hex; also its ETag' }),
  contentType: Type.String(),
  fence: Type.Integer(Fence),
})
export type StoredBlob = Static<typeof StoredBlob>

/** A write whose precondition is false. The storage has hashed its bytes, so the client need not hash them as well. */
const RefusedWrite = Type.Object(
  {
    ...Problem.properties,
    received: Type.Optional({ ...StoredBlob, description: 'The bytes that were received' }),
  },
  { additionalProperties: true },
)

/** Preconditions of a write, checked against the stored blob (RFC 9110, section 13). */
const writeConditions = {
  'if-match': Type.Optional(Type.String()),
  'if-none-match': Type.Optional(Type.String()),
  'if-unmodified-since': Type.Optional(Type.String()),
}

const putBlob = defineRoute({
  method: 'PUT',
  url: '/images/:key/:stage',
  worker: { stage: ['post'] },
  schema: {
    summary: 'Stores bytes; answers once they are on disk',
    params,
    querystring: Type.Object(
      {
        fence: Type.Optional(
          Type.Integer({
            ...Fence,
            description: 'Fencing token; a write with a token older than the stored one is refused',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    headers: Type.Object({
      'content-type': Type.Optional(Type.String()),
      'content-length': Type.Optional(Type.String()),
      ...writeConditions,
    }),
    body: Bytes,
    response: { 201: StoredBlob, 409: Problem, 412: RefusedWrite, 413: Problem, 503: Problem },
  },
})

const getBlob = defineRoute({
  method: 'GET',
  url: '/images/:key/:stage',
  worker: { stage: ['pre'] },
  schema: {
    summary: 'The bytes, whole or a range of them',
    params,
    headers: BytesRequestHeaders,
    response: { 200: Bytes, 206: Bytes, 304: Nothing, 404: Problem, 412: Problem, 416: Problem },
  },
})

export const storageRoutes = {
  putBlob,
  postBlob: alias(putBlob, 'POST'),
  getBlob,
  headBlob: alias(getBlob, 'HEAD'),
  copyBlob: defineRoute({
    method: 'POST',
    url: '/images/:key/:stage/copy',
    idempotent: true,
    schema: {
      summary: 'Stores a copy of the bytes of another key, in the same stage; answers once it is on disk',
      params,
      querystring: Type.Object({ from: params.properties.key }, { additionalProperties: false }),
      response: { 201: StoredBlob, 404: Problem, 503: Problem },
    },
  }),
  deleteBlob: defineRoute({
    method: 'DELETE',
    url: '/images/:key/:stage',
    schema: {
      summary: 'Deletes the bytes, with the same preconditions as PUT; succeeds if they do not exist',
      params,
      headers: Type.Object(writeConditions),
      response: { 204: Nothing, 412: Problem },
    },
  }),
  getStats: defineRoute({
    method: 'GET',
    url: '/stats',
    schema: {
      summary: 'The free space of the disk, if blobs are stored on one',
      response: { 200: Type.Object({ disk: Type.Optional(Disk) }) },
    },
  }),
  listBlobs: defineRoute({
    method: 'GET',
    url: '/images',
    schema: {
      summary: 'Lists the stored blobs, in no particular order',
      querystring: Type.Object(
        { stage: params.properties.stage, ...pageQuery },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          blobs: Type.Array(
            Type.Object({
              key: Type.String(),
              modifiedAt: Instant,
            }),
          ),
          ...pageNext,
        }),
      },
    },
  }),
}
