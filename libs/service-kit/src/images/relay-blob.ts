import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import {
  BytesRequestHeaders,
  type Client,
  type ResponseHeaders,
  type Stage,
  type StreamedBody,
  type storageRoutes,
  type Task,
} from '@darkroom/contracts'
import type { FastifyReply } from 'fastify'
import { hangUpSignal } from '../http/hold.ts'
import { collectingMemory } from '../memory/streamed-memory.ts'
import { ServiceProblem } from '../problems/problems.ts'

type StorageClient = Client<typeof storageRoutes>

/** Blobs of up to this size are held and sent at once: for a small image, a stream costs more than the memory. */
const maxHeldBytes = 256 * 1024

const relayed = [
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'repr-digest',
] as const

/**
 * Sends stored bytes according to the request's preconditions: all bytes, a range, or 304. `headers` are added
 * to the response.
 *
 * @throws ServiceProblem 404, 412 or 416
 */
export async function relayBlob(
  reply: FastifyReply,
  storage: StorageClient,
  { key, stage }: { key: string; stage: Stage },
  headers: Record<string, string> = {},
): Promise<FastifyReply> {
  const { method, headers: asked } = reply.request
  const isHead = method === 'HEAD'
  const stored = await fetchBlob(
    storage,
    { key, stage },
    { isHead, headers: asked, signal: hangUpSignal(reply) },
  )
  const isSmall = Number(stored.headers['content-length']) <= maxHeldBytes
  // Read before a header is set, so that a problem can still be sent if the storage fails.
  const content = stored.status !== 304 && !isHead && isSmall ? await stored.body.bytes() : undefined
  for (const name of relayed) {
    const value = stored.headers[name]
    if (value !== undefined) reply.header(name, value)
  }
  reply.code(stored.status).headers(headers)
  if (content) return reply.send(content)
  if (stored.status !== 304 && !isHead) {
    return reply.send(Readable.from(collectingMemory(stored.body), { objectMode: false }))
  }
  if (stored.status !== 304) await stored.body.dump()
  // Without any payload, Fastify would set the Content-Length of a HEAD to 0.
  return reply.send(isHead ? Readable.from([]) : undefined)
}

/** A response with stored bytes: all bytes, a range, or 304. */
type BlobResponse =
  | { status: 200 | 206; headers: ResponseHeaders; body: StreamedBody }
  | { status: 304; headers: ResponseHeaders }

/**
 * Reads stored bytes as a response; `headers` are added to it.
 *
 * @throws ServiceProblem 404, 412 or 416
 */
export async function readBlob(
  storage: StorageClient,
  { key, stage }: { key: string; stage: Stage },
  request: { headers: IncomingHttpHeaders; signal: AbortSignal },
  headers: ResponseHeaders = {},
): Promise<BlobResponse> {
  const stored = await fetchBlob(storage, { key, stage }, { isHead: false, ...request })
  const answered: ResponseHeaders = { ...headers }
  for (const name of relayed) answered[name] = stored.headers[name] as string | undefined
  if (stored.status === 304) return { status: 304, headers: answered }
  return { status: stored.status, headers: answered, body: stored.body }
}

/** Requests bytes from the storage, with the preconditions of a request. @throws ServiceProblem 404, 412 or 416 */
async function fetchBlob(
  storage: StorageClient,
  params: { key: string; stage: Stage },
  { isHead, headers, signal }: { isHead: boolean; headers: IncomingHttpHeaders; signal: AbortSignal },
) {
  const call = { params, headers: conditionsOf(headers), signal }
  const stored = await (isHead ? storage.headBlob(call) : storage.getBlob(call))
  if (stored.status === 404)
    throw new ServiceProblem(404, 'image-gone', 'the bytes of this image were deleted')
  if (stored.status === 412)
    throw new ServiceProblem(
      412,
      'precondition-failed',
      'the bytes of this image do not match If-Match or If-Unmodified-Since',
    )
  if (stored.status === 416) {
    throw new ServiceProblem(416, 'range-not-satisfiable', 'the requested range is outside this image', {
      headers: { 'content-range': String(stored.headers['content-range']) },
    })
  }
  return stored
}

/**
 * Returns if the task is finished and has a main result.
 *
 * @throws ServiceProblem 404 if it has only variants; 409 while it may still finish, 422 if it failed
 */
export function requireResult(task: Task): void {
  if (task.operations) {
    requireFinished(task)
    return
  }
  const names = Object.keys(task.variants ?? {}).join(', ')
  const detail = `the image ${task.id} has only variants: ${names}; they are under /images/${task.id}/variants/`
  throw new ServiceProblem(404, 'no-result', detail)
}

/** Returns if the task is finished. @throws ServiceProblem 409 while it may still finish, 422 if it failed */
export function requireFinished(task: Task): void {
  switch (task.state) {
    case 'finished':
      return
    case 'failed':
      throw new ServiceProblem(
        422,
        'image-failed',
        task.error?.detail ?? 'this image could not be developed',
        {
          ...(task.error && { title: task.error.title }),
        },
      )
    default:
      throw new ServiceProblem(409, 'not-ready', `this image is ${task.state}; try again`, {
        headers: { 'retry-after': '1' },
      })
  }
}

const conditions = Object.keys(BytesRequestHeaders.properties)

function conditionsOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    conditions.flatMap(name => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  )
}
