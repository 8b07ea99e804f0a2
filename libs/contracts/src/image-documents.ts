import { CallbackStatus } from './callback.ts'
import { Bytes, bodiesOf, bytesOfAny } from './route.ts'
import { ImageFacts, Task, TaskState } from './task.ts'
import { type Static, Type } from './typebox/typebox.js'
import { GivenOutputs, UploadOptions } from './upload-options.ts'
import { ResultName } from './variants.ts'

/** A task as clients see it. */
export const ImageStatus = Type.Object({
  id: Type.String(),
  state: TaskState,
  preset: Task.properties.preset,
  from: Task.properties.from,
  operations: Task.properties.operations,
  attempts: Task.properties.attempts,
  createdAt: Task.properties.createdAt,
  startedAt: Task.properties.startedAt,
  finishedAt: Task.properties.finishedAt,
  original: ImageFacts,
  result: Task.properties.result,
  variants: Task.properties.variants,
  error: Task.properties.error,
  callback: Type.Optional(CallbackStatus),
  links: Type.Object({
    self: Type.String(),
    original: Type.String(),
    result: Type.Optional(Type.String({ description: 'Absent if only variants are made' })),
    events: Type.String(),
    variants: Type.Optional(Type.Record(ResultName, Type.String())),
  }),
})
export type ImageStatus = Static<typeof ImageStatus>

/**
 * The body of an upload as application/json. It names the source of the image: a `url`, or `from`, another image whose
 * original is developed again.
 */
export const ImageRequest = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: 'Fetched before the response: http or https, at most 3 redirects, 30 s in all',
      }),
    ),
    from: Type.Optional(Type.String({ maxLength: 200, description: 'The id of an image' })),
    ...GivenOutputs.properties,
    preset: UploadOptions.properties.preset,
    callback: UploadOptions.properties.callback,
  },
  { additionalProperties: false },
)
export type ImageRequest = Static<typeof ImageRequest>

/** A form with one file. Its fields must come before the file. */
export const UploadForm = Type.Object({
  ...UploadOptions.properties,
  file: Type.String({ format: 'binary', contentMediaType: 'image/*' }),
})

export const UploadBytes = bytesOfAny({
  'image/*': Bytes,
  'application/octet-stream': Bytes,
  'multipart/form-data': UploadForm,
})
export const UploadBody = bytesOfAny({ ...bodiesOf(UploadBytes), 'application/json': ImageRequest })
