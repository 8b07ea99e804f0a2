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
import type { Importer } from './import-image.ts'
import { readJsonSource } from './json-source.ts'
import { readForm } from './uploaded-form.ts'

export interface UploadClients {
  imageMaster: Client<typeof imageMasterRoutes>
  importer: Importer
}

/**
 * Hands an image on to a master as it arrives, be it raw bytes, a form, or what stands at a URL; answers its task.
 *
 * @throws ServiceProblem as the master says it, 400 for a form or a document that isn't right, 422 for a failed import
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
  { imageMaster, importer }: UploadClients,
): Promise<Task> {
  const signal = hangUpSignal(reply)
  using read = await openSource(request, importer, signal)
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
    signal,
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

async function openSource(
  { body, headers, raw }: FastifyRequest,
  importer: Importer,
  signal: AbortSignal,
): Promise<UploadBody> {
  const given = await readJsonSource(headers['content-type'], body as Body)
  if (!given.source) return uploadBodyOf({ body: given.body, headers, raw })
  const { url, operations } = given.source
  const opened = await importer.open(url, signal)
  if (operations === undefined) return opened
  return { ...opened, operations: typeof operations === 'string' ? operations : JSON.stringify(operations) }
}

async function uploadBodyOf({
  body,
  headers,
  raw,
}: Pick<FastifyRequest, 'headers' | 'raw'> & { body: Body }): Promise<UploadBody> {
  const bytes = body ?? new Uint8Array()
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
