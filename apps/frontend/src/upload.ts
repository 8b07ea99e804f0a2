import {
  type Client,
  formatOperations,
  formatPriority,
  InvalidOperations,
  type imageMasterRoutes,
  parseOperations,
  type Task,
  type Urgency,
} from '@darkroom/contracts'
import { type Body, hangUpSignal, ServiceProblem } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readForm } from './uploaded-form.ts'

/**
 * Hands an upload on to a master as it arrives, be it raw bytes or a form; answers its task.
 *
 * @throws ServiceProblem as the master says it, or 400 for a form that isn't right
 */
export async function upload(
  request: FastifyRequest,
  reply: FastifyReply,
  given: {
    operations?: string | undefined
    idempotencyKey?: string | undefined
    urgency?: Urgency | undefined
  },
  imageMaster: Client<typeof imageMasterRoutes>,
): Promise<Task> {
  using read = await uploadBodyOf(request)
  const { body, contentLength, operations = given.operations } = read
  const answer = await imageMaster.newImage({
    // In their shortest form: what a form may hold can be too long for a URL.
    querystring: operations === undefined ? {} : { operations: compact(operations) },
    headers: {
      ...(contentLength !== undefined && { 'content-length': contentLength }),
      ...(given.idempotencyKey !== undefined && { 'idempotency-key': given.idempotencyKey }),
      ...(given.urgency !== undefined && { priority: formatPriority(given.urgency) }),
    },
    body,
    signal: hangUpSignal(reply),
  })
  if (answer.status === 202) return answer.body
  throw ServiceProblem.relay(answer)
}

function compact(operations: string): string {
  try {
    return formatOperations(parseOperations(operations))
  } catch (error) {
    if (error instanceof InvalidOperations) throw new ServiceProblem(400, 'invalid-operations', error.message)
    throw error
  }
}

/** To be disposed of: then what nobody reads holds nothing up. */
interface UploadBody extends Disposable {
  body: AsyncIterable<Uint8Array> | Uint8Array
  contentLength?: string | undefined
  operations?: string
}

async function uploadBodyOf({ body, headers }: FastifyRequest): Promise<UploadBody> {
  const bytes = (body as Body) ?? new Uint8Array()
  const isForm = /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')
  if (!isForm || bytes instanceof Uint8Array) {
    return { body: bytes, contentLength: headers['content-length'], [Symbol.dispose]: () => undefined }
  }
  const { file, ...fields } = await readForm(headers, bytes)
  return { body: file, ...fields, [Symbol.dispose]: () => file.destroy() }
}
