import type { Client, imageMasterRoutes, Task } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'
import { readForm } from './uploaded-form.ts'

/**
 * Hands an upload on to a master as it arrives, be it raw bytes or a form; answers its task.
 *
 * @throws ServiceProblem as the master says it, or 400 for a form that isn't right
 */
export async function upload(
  request: FastifyRequest,
  given: { operations?: string | undefined; idempotencyKey?: string | undefined; signal: AbortSignal },
  imageMaster: Client<typeof imageMasterRoutes>,
): Promise<Task> {
  using read = await readBody(request)
  const { body, contentLength, operations = given.operations } = read
  const reply = await imageMaster.newImage({
    querystring: operations === undefined ? {} : { operations },
    headers: {
      ...(contentLength !== undefined && { 'content-length': contentLength }),
      ...(given.idempotencyKey !== undefined && { 'idempotency-key': given.idempotencyKey }),
    },
    body,
    signal: given.signal,
  })
  if (reply.status === 202) return reply.body
  throw ServiceProblem.relay(reply)
}

/** To be disposed of: then what nobody reads holds nothing up. */
interface UploadBody extends Disposable {
  body: AsyncIterable<Uint8Array> | Uint8Array
  contentLength?: string | undefined
  operations?: string
}

async function readBody({ body, headers }: FastifyRequest): Promise<UploadBody> {
  const bytes = (body as AsyncIterable<Uint8Array> | null | undefined) ?? new Uint8Array()
  const isForm = /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')
  if (!isForm || bytes instanceof Uint8Array) {
    return { body: bytes, contentLength: headers['content-length'], [Symbol.dispose]: () => undefined }
  }
  const { file, ...fields } = await readForm(headers, bytes)
  return { body: file, ...fields, [Symbol.dispose]: () => file.destroy() }
}
