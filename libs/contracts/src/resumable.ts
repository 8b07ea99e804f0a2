import { Instant } from './instant.ts'
import { Owner, ownerInKey } from './owner.ts'
import { alsoOf, problems } from './problem-types.ts'
import { bytesOf, defineRoute, Nothing } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'
import { imageErrors, UploadOptions, uploadErrors } from './upload-options.ts'
import { PriorityHeader, Urgency } from './urgency.ts'

/** Resumable uploads: tus 1.0 (https://tus.io/protocols/resumable-upload). The id of an upload becomes its image's id. */
export const tusVersion = '1.0.0'
export const tusExtensions = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'expiration',
] as const
/** The type of the body of a PATCH. */
export const tusContentType = 'application/offset+octet-stream'

/** An upload that is not finished, in kv-config under `uploads/<owner>/<id>`; without an owner under `uploads/_/<id>`. */
export const UploadRecord = Type.Object({
  owner: Type.Optional(Owner),
  length: Type.Optional(Type.Integer({ minimum: 0, description: 'Absent until the client has sent it' })),
  metadata: Type.Optional(
    Type.String({
      pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
      description: 'Upload-Metadata, as it was sent',
    }),
  ),
  /** In the form of the query parameters of image-master. */
  options: UploadOptions,
  urgency: Type.Optional(Urgency),
  expiresAt: Instant,
  pieces: Type.Array(Type.Object({ tag: Type.String(), bytes: Type.Integer({ minimum: 1 }) }), {
    description: 'The pieces that were received, in order',
  }),
  isTerminated: Type.Optional(Type.Boolean({ description: 'The client terminated the upload' })),
})
export type UploadRecord = Static<typeof UploadRecord>

export const uploadPrefix = 'uploads/'

/** The prefix of the uploads of an owner. */
export function uploadPrefixOf(owner: string | undefined): string {
  return `${uploadPrefix}${ownerInKey(owner)}/`
}

/** The key of a piece in the storage, in stage `pre`. It has a random tag, so no two writers use the same key. */
export function pieceKey(id: string, offset: number, tag: string): string {
  return `${id}_${offset}-${tag}`
}

/** The id of the upload that a stored piece belongs to; undefined if the key is not the key of a piece. */
export function uploadIdOf(key: string): string | undefined {
  return /^([0-9a-f-]{36})_\d+-[0-9a-f]+$/.exec(key)?.[1]
}

const params = Type.Object({ id: Type.String() })
const Offset = Type.Integer({ minimum: 0 })
const version = { 'tus-resumable': Type.Optional(Type.String({ description: `Must be ${tusVersion}` })) }
const length = { 'upload-length': Type.Optional(Offset) }
const ofUpload = {
  400: problems('invalid-request'),
  403: problems('not-with-a-grant'),
  404: problems('upload-not-found'),
  412: problems('tus-version'),
}
const ofIntake = {
  ...imageErrors,
  403: uploadErrors[403],
  410: problems('upload-gone', 'upload-deleted'),
  415: alsoOf(imageErrors[415], 'unsupported-media-type'),
  // Clients of tus continue after a 503, and give up after other refusals.
  503: alsoOf(
    imageErrors[503],
    'intake-paused',
    'queue-full',
    'owner-queue-full',
    'too-many-requests',
    'too-many-refused-keys',
    'request-timeout',
  ),
}
const ofPiece = ['no-checksum', 'too-long'] as const

const describeTus = defineRoute({
  method: 'OPTIONS',
  url: '/uploads',
  access: 'anyone',
  schema: {
    summary: 'The features of tus that the server supports, in headers',
    response: { 204: Nothing },
  },
})

const appendToUpload = defineRoute({
  method: 'PATCH',
  url: '/uploads/:id',
  access: 'grant',
  idempotent: false,
  schema: {
    summary: 'Continues a resumable upload. With its last byte, the image is accepted or refused',
    params,
    headers: Type.Object({
      ...version,
      ...length,
      'content-type': Type.Optional(Type.String({ description: `Must be ${tusContentType}` })),
      'content-length': Type.Optional(Type.String()),
      'upload-offset': Type.Optional({ ...Offset, description: 'Must be the current offset' }),
      'upload-checksum': Type.Optional(Type.String({ description: 'Not supported' })),
      'x-http-method-override': Type.Optional(Type.String()),
    }),
    body: bytesOf(tusContentType),
    response: {
      204: Nothing,
      ...ofUpload,
      ...ofIntake,
      400: alsoOf(imageErrors[400], ...ofPiece, 'too-many-pieces', 'length-is-fixed'),
      409: problems('offset-mismatch'),
    },
  },
})

export const resumableRoutes = {
  describeTus,
  describeTusOfUpload: { ...describeTus, url: '/uploads/:id', schema: { ...describeTus.schema, params } },
  createUpload: defineRoute({
    method: 'POST',
    url: '/uploads',
    access: 'grant',
    schema: {
      summary: 'Begins a resumable upload (tus 1.0). The id in `Location` will be the id of the image',
      headers: Type.Object({
        ...version,
        ...length,
        'content-type': appendToUpload.schema.headers.properties['content-type'],
        'content-length': Type.Optional(Type.String()),
        'upload-defer-length': Type.Optional(
          Type.String({ description: '1: the length is sent later, with a PATCH' }),
        ),
        'upload-metadata': Type.Optional(
          Type.String({
            description:
              'Names and base64 values. `operations`, `variants`, `preset` and `callback` are used, others are only kept',
          }),
        ),
        'upload-concat': Type.Optional(Type.String({ description: 'Not supported' })),
        'upload-checksum': Type.Optional(Type.String({ description: 'Not supported' })),
        priority: PriorityHeader,
      }),
      body: bytesOf(tusContentType),
      isBodyOptional: true,
      response: {
        201: Nothing,
        ...ofIntake,
        400: alsoOf(
          imageErrors[400],
          ...ofPiece,
          'invalid-metadata',
          'invalid-preset',
          'invalid-callback',
          'no-concatenation',
        ),
        412: ofUpload[412],
        429: alsoOf(imageErrors[429], 'too-many-uploads'),
      },
    },
  }),
  getUpload: defineRoute({
    method: 'HEAD',
    url: '/uploads/:id',
    access: 'grant',
    schema: {
      summary: 'The number of bytes received of a resumable upload, in `Upload-Offset`',
      params,
      headers: Type.Object(version),
      response: { 200: Nothing, ...ofUpload, 423: problems('busy') },
    },
  }),
  appendToUpload,
  overrideUploadMethod: defineRoute({
    ...appendToUpload,
    method: 'POST',
    schema: {
      ...appendToUpload.schema,
      summary: 'PATCH or DELETE for clients that can send neither, by `X-HTTP-Method-Override`',
      response: { ...appendToUpload.schema.response, 405: problems('method-not-allowed') },
    },
  }),
  terminateUpload: defineRoute({
    method: 'DELETE',
    url: '/uploads/:id',
    access: 'grant',
    schema: {
      summary: 'Terminates an upload; deletes the image if the upload was complete',
      params,
      headers: Type.Object(version),
      response: { 204: Nothing, ...ofUpload },
    },
  }),
}
