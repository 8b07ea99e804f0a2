import { CallbackUrl } from './callback.ts'
import { alsoOf, problems } from './problem-types.ts'
import { type Static, Type } from './typebox/typebox.js'

/** The options of an upload as text: in the query, or as fields of a form. */
export const UploadOptions = Type.Object(
  {
    operations: Type.Optional(
      Type.String({
        maxLength: 64_000,
        description:
          'A list of operations, applied in its order: `crop:400x300,resize:200x`, or JSON: `[{"name":"flip"}]`. Default: `swap-channels:bgr`',
      }),
    ),
    variants: Type.Optional(
      Type.String({
        maxLength: 64_000,
        description:
          'Up to 8 further results, each made from the original: `thumb=resize:200x200;large=resize:1600x`, or JSON: `{"thumb":"resize:200x200"}`. With variants alone, there is no other result',
      }),
    ),
    preset: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'The name of a preset; `operations` and `variants` replace those of the preset',
      }),
    ),
    callback: Type.Optional(CallbackUrl),
  },
  { additionalProperties: false },
)
export type UploadOptions = Static<typeof UploadOptions>

/** The outputs of UploadOptions in a JSON document, where they need not be text. */
export const GivenOutputs = Type.Object(
  {
    operations: Type.Optional(Type.Unknown({ description: 'As text or as a list' })),
    variants: Type.Optional(Type.Unknown({ description: 'As text, or as an object of lists by name' })),
  },
  { additionalProperties: false },
)

/** The refusals of an image by a master. */
export const imageErrors = {
  400: problems('invalid-request', 'invalid-operations', 'empty-body', 'incomplete-body'),
  413: problems('too-large'),
  415: problems('not-an-image', 'not-decodable'),
  422: problems('too-many-pixels', 'malformed-image', 'idempotency-key-reused'),
  429: problems('queue-full', 'owner-queue-full'),
  503: problems('too-many-uploads', 'no-worker', 'disk-full', 'original-gone', 'busy'),
}

/** The refusals of an upload, including those of the caller, of the image that it names, and of a deleted upload. */
export const uploadErrors = {
  ...imageErrors,
  400: alsoOf(imageErrors[400], 'invalid-preset', 'invalid-callback', 'invalid-form', 'no-content-range'),
  403: problems('not-with-a-grant', 'grant-used-up'),
  404: problems('image-not-found'),
  410: problems('original-gone', 'upload-deleted'),
  422: alsoOf(imageErrors[422], 'import-failed'),
  503: alsoOf(imageErrors[503], 'intake-paused', 'too-many-imports'),
}

export const IdempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description:
      'Uploading the same image again with the same key returns the same id while the image is stored. Another image, or other operations, with the same key are refused',
  }),
)
