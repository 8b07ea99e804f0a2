import type { IncomingHttpHeaders } from 'node:http'
import { BytesRequestHeaders, type Handler, type Handlers, type storageRoutes } from '@darkroom/contracts'
import {
  atMost,
  type Body,
  checkPreconditions,
  collectingMemory,
  isRangeCurrent,
  readHead,
  ServiceProblem,
  tooLarge,
  type Validators,
  writeCondition,
} from '@darkroom/service-kit'
import { requestedRange } from '../byte-range.ts'
import type { BlobId, BlobStore, Condition, Content, OpenBlob } from '../engine/engine.ts'

/** Headers after which the answer may have fewer bytes than the blob. */
const shorteningHeaders = (
  Object.keys(BytesRequestHeaders.properties) as (keyof typeof BytesRequestHeaders.properties)[]
).filter(name => name !== 'if-range')

const fewBytes = 64 * 1024

type Routes = typeof storageRoutes
type BlobHandlers = Pick<
  Handlers<Routes>,
  'putBlob' | 'postBlob' | 'getBlob' | 'headBlob' | 'copyBlob' | 'deleteBlob'
>

export function blobHandlers(store: BlobStore, { maxBlobBytes }: { maxBlobBytes: number }): BlobHandlers {
  const putBlob: Handler<Routes['putBlob']> = async ({ params, querystring, headers, body }) => {
    if (Number(headers['content-length']) > maxBlobBytes) throw tooLarge(maxBlobBytes)
    const { fence = 0 } = querystring
    const contentType = keptType(headers['content-type'])
    const put = (content: Content) => store.put(params, content, { contentType, fence }, conditionOf(headers))
    const outcome = await withContent(body, maxBlobBytes, put)
    if (outcome.kind === 'stored') return { status: 201, body: outcome.blob }
    if (outcome.kind === 'refused') throw preconditionFailed(params)
    const detail = `token ${fence} is older than ${outcome.newest}, the token of the stored bytes`
    throw new ServiceProblem(409, 'fenced', detail)
  }

  return {
    putBlob,
    postBlob: putBlob,

    async getBlob({ params, headers }) {
      await using cleanup = new AsyncDisposableStack()
      const whole = !shorteningHeaders.some(name => headers[name] !== undefined)
      const opened = cleanup.use((await store.open(params, { whole })) ?? notFound(params))
      const { bytes, contentType } = opened.blob
      const current = validatorsOf(opened)
      const facts = headersOf(opened)
      const verdict = checkPreconditions(headers, current)
      if (verdict === 'not-modified') return { status: 304, headers: facts }
      if (verdict === 'failed') throw preconditionFailed(params, facts)
      const isPart = isRangeCurrent(headers['if-range'], current)
      const range = isPart ? requestedRange(headers.range, bytes) : undefined
      if (range === 'unsatisfiable') throw unsatisfiable(bytes, facts)
      const { start, end } = range ?? { start: 0, end: bytes - 1 }
      const described = { ...facts, 'content-type': contentType, 'content-length': end - start + 1 }
      if (bytes === 0) return { status: 200, headers: described, body: new Uint8Array() }
      cleanup.move() // the stream closes the blob
      const body = opened.read({ start, end })
      if (!range) return { status: 200, headers: described, body }
      const contentRange = `bytes ${start}-${end}/${bytes}`
      return { status: 206, headers: { ...described, 'content-range': contentRange }, body }
    },

    // Only GET supports ranges (RFC 9110, 14.2).
    async headBlob({ params, headers }) {
      await using opened = (await store.open(params, { whole: false })) ?? notFound(params)
      const { bytes, contentType } = opened.blob
      const facts = headersOf(opened)
      const verdict = checkPreconditions(headers, validatorsOf(opened))
      if (verdict === 'not-modified') return { status: 304, headers: facts }
      if (verdict === 'failed') throw preconditionFailed(params, facts)
      const described = { ...facts, 'content-type': contentType, 'content-length': bytes }
      return { status: 200, headers: described, body: new Uint8Array() }
    },

    async copyBlob({ params, querystring: { from } }) {
      const source = { key: from, stage: params.stage }
      return { status: 201, body: (await store.copy(source, params)) ?? notFound(source) }
    },

    async deleteBlob({ params, headers }) {
      if (!(await store.delete(params, conditionOf(headers)))) throw preconditionFailed(params)
      return { status: 204 }
    },
  }
}

/** Passes a small body as bytes, a larger one as a stream. @throws ServiceProblem 413 */
async function withContent<Result>(
  body: Body,
  maxBytes: number,
  use: (content: Content) => Promise<Result>,
): Promise<Result> {
  if (body instanceof Uint8Array && body.length <= maxBytes) return use(body)
  const arriving = collectingMemory(atMost(maxBytes, body))
  try {
    const { whole } = await readHead(arriving, fewBytes)
    return await use(whole)
  } finally {
    // Releases the unread rest, so that the client gets the answer. Not awaited, because a client that sends nothing would
    // delay it.
    arriving.return(undefined).catch(() => undefined)
  }
}

function headersOf(opened: OpenBlob) {
  return {
    etag: validatorsOf(opened).etag,
    'accept-ranges': 'bytes',
    'last-modified': opened.modifiedAt.toUTCString(),
    'repr-digest': `sha-256=:${Buffer.from(opened.blob.sha256, 'hex').toString('base64')}:`,
  }
}

function validatorsOf({ blob, modifiedAt }: Pick<OpenBlob, 'blob' | 'modifiedAt'>): Validators {
  return { etag: `"${blob.sha256}"`, modifiedAt }
}

function conditionOf(headers: IncomingHttpHeaders): Condition | undefined {
  const holds = writeCondition(headers)
  return holds && (current => holds(current && validatorsOf(current)))
}

const maxTypeLength = 255

/** The type is only information for readers; a malformed type is not an error. */
function keptType(given: string | undefined): string {
  return given === undefined || given.length > maxTypeLength ? 'application/octet-stream' : given
}

function notFound({ key, stage }: BlobId): never {
  throw new ServiceProblem(404, 'blob-not-found', `no bytes are stored as ${key}/${stage}`)
}

function preconditionFailed({ key, stage }: BlobId, headers: Record<string, string> = {}): ServiceProblem {
  const detail = `the bytes ${key}/${stage} do not match the preconditions of the request`
  return new ServiceProblem(412, 'precondition-failed', detail, { headers })
}

function unsatisfiable(bytes: number, headers: Record<string, string>): ServiceProblem {
  return new ServiceProblem(
    416,
    'range-not-satisfiable',
    `the requested range is outside the ${bytes} bytes`,
    {
      headers: { ...headers, 'content-range': `bytes */${bytes}` },
    },
  )
}
