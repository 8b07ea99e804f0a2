import { CallbackUrl } from './callback.ts'
import { Problem } from './problem.ts'
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
          'Up to 8 further results, each made of the original: `thumb=resize:200x200;large=resize:1600x`, or JSON: `{"thumb":"resize:200x200"}`. With variants alone, there is no other result',
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
  400: Problem,
  413: Problem,
  415: Problem,
  422: Problem,
  429: Problem,
  503: Problem,
}

/** The refusals of an upload: also of the caller, the image that it names, and a deleted upload. */
export const uploadErrors = { 403: Problem, 404: Problem, 410: Problem, ...imageErrors }

export const IdempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'Uploading the same image again with the same key returns the same id',
  }),
)
