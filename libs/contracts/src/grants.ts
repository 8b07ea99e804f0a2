import { Instant } from './instant.ts'
import { Owner, ownerInKey } from './owner.ts'
import { problems } from './problem-types.ts'
import { defineRoute } from './route.ts'
import { TaskId } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { GivenOutputs, UploadOptions } from './upload-options.ts'

export const defaultGrantSeconds = 3600
/** Keeps the record of a grant small. */
const maxGrantImages = 100

const NewGrant = Type.Object(
  {
    images: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxGrantImages,
        description: 'How many images may be uploaded; default: 1',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Size limit of each image; default: the limit of all uploads',
      }),
    ),
    expiresIn: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: `In seconds; default: ${defaultGrantSeconds}. A grant ends with its key, if that is earlier`,
      }),
    ),
    ...UploadOptions.properties,
    ...GivenOutputs.properties,
  },
  { additionalProperties: false },
)

const MadeGrant = Type.Object({
  token: Type.String({
    description: 'Sent as Authorization: Bearer dg_…; it is shown only in this response',
  }),
  expiresAt: Instant,
  images: Type.Integer(),
  maxBytes: Type.Optional(Type.Integer()),
  ...UploadOptions.properties,
})

/** A grant as kv-config keeps it, as JSON: its limits, and the images that were uploaded with it. */
export const GrantRecord = Type.Object({
  owner: Type.Optional(Owner),
  images: Type.Integer({ minimum: 1 }),
  maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
  options: UploadOptions,
  used: Type.Array(
    Type.Object({
      id: TaskId,
      idempotencyKey: Type.Optional(Type.String()),
      isShared: Type.Optional(
        Type.Boolean({ description: 'Several requests with this idempotency key have this place.' }),
      ),
    }),
  ),
})
export type GrantRecord = Static<typeof GrantRecord>

/** kv-config stores each grant under this prefix and the id of the grant. */
export const grantPrefix = 'grants/'

/** The prefix of an entry for each grant of an owner, by which they are counted. */
export function ownGrantPrefix(owner: string | undefined): string {
  return `grants-of/${ownerInKey(owner)}/`
}

/** Short-lived tokens with which a browser or device without a key uploads images. */
export const grantRoutes = {
  createGrant: defineRoute({
    method: 'POST',
    url: '/grants',
    schema: {
      summary:
        'Creates a short-lived token for uploads with fixed options; its holder sees only these images',
      body: NewGrant,
      isBodyOptional: true,
      response: {
        201: MadeGrant,
        400: problems('invalid-request', 'invalid-operations', 'invalid-preset', 'invalid-callback'),
        429: problems('too-many-grants'),
      },
    },
  }),
}
