import { CallbackUrl } from './callback.ts'
import { type Static, Type } from './typebox/typebox.js'

/** The options of an upload as text: in the query, or as fields of a form. */
export const UploadOptions = Type.Object(
  {
    operations: Type.Optional(
      Type.String({
        maxLength: 64_000,
        description: 'swap-channels:bgr,… or JSON [{"name":"swap-channels","order":"bgr"},…]',
      }),
    ),
    variants: Type.Optional(
      Type.String({
        maxLength: 64_000,
        description:
          'Up to 8 further results, each made of the original: thumb=resize:200x200,format:webp;large=… or JSON {"thumb":"resize:200x200,format:webp",…}. If only variants are given, there is no other result',
      }),
    ),
    preset: Type.Optional(
      Type.String({ maxLength: 64, description: 'A preset, whose operations or variants can be replaced' }),
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
