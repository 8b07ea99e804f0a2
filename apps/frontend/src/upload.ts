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
import { type Body, hangUpSignal, readHead, ServiceProblem } from '@darkroom/service-kit'
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
    owner?: string | undefined
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
    querystring: {
      ...(operations !== undefined && { operations: compact(operations) }),
      ...(given.owner !== undefined && { owner: given.owner }),
    },
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

async function uploadBodyOf({ body, headers, raw }: FastifyRequest): Promise<UploadBody> {
  const bytes = (body as Body) ?? new Uint8Array()
  const formType = formTypeOf(raw.rawHeaders)
  const { head, whole } = await (bytes instanceof Uint8Array || formType === undefined
    ? { head: new Uint8Array(), whole: bytes }
    : readHead(bytes, formHeadBytes))
  if (formType === undefined || !isText(head)) {
    return { body: whole, contentLength: headers['content-length'], [Symbol.dispose]: () => undefined }
  }
  const { file, ...fields } = await readForm(
    { 'content-type': formType },
    whole instanceof Uint8Array ? [whole] : whole,
  )
  return { body: file, ...fields, [Symbol.dispose]: () => file.destroy() }
}

/** The first Content-Type that says the body is a form: there may be several, and none that is well-formed. */
function formTypeOf(rawHeaders: readonly string[]): string | undefined {
  return rawHeaders.find(
    (value, at) =>
      at % 2 === 1 &&
      rawHeaders[at - 1]?.toLowerCase() === 'content-type' &&
      /^multipart\/form-data\b/i.test(value),
  )
}

const formHeadBytes = 16

/** A form begins with a boundary, which is printable (RFC 2046, 5.1.1); images have other bytes among their first. */
function isText(head: Uint8Array): boolean {
  return head.every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a)
}
