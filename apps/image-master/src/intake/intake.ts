import { isDeepStrictEqual } from 'node:util'
import {
  type Client,
  type ImageFacts,
  imageCounters,
  type Outputs,
  outputsOf,
  type storageRoutes,
  type Task,
  type taskDbRoutes,
  type Urgency,
} from '@darkroom/contracts'
import { contentTypeOf } from '@darkroom/image-header'
import {
  atMost,
  type Body,
  type Logger,
  readHead,
  ServiceProblem,
  type Tally,
  tooLarge,
} from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'
import type { LiveConfig } from '../config.ts'
import type { WorkQueue } from '../queue/queue.ts'
import type { Admission } from './admission.ts'
import { requireSameBytes, storeOnce } from './given-id.ts'
import { readFacts, recognize } from './original-facts.ts'
import { discardOriginal, storeOriginal } from './originals.ts'
import { type RequestedOutputs, readOutputs } from './read-outputs.ts'
import type { TaskIds } from './task-ids.ts'
import type { Workers } from './workers.ts'

/** Enough for the header of nearly every image, so that most images are checked without reading from the storage. */
const headBytes = 64 * 1024

export interface IntakeDependencies {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
  queue: WorkQueue
  workers: Pick<Workers, 'requireDecoder'>
  admission: Admission
  ids: Pick<TaskIds, 'next'>
  tally: Pick<Tally, 'add'>
  logger: Logger
  settings(): LiveConfig
  maxAttempts: number
  maxBytesInFlight: number
}

interface ImageOptions extends RequestedOutputs {
  /** The owner of the image; without one it belongs to the operators. */
  owner?: string | undefined
  /** Unique among the images of the owner. */
  idempotencyKey?: string | undefined
  urgency?: Urgency | undefined
  /** The URL of the webhook, called when the image has finished or failed. */
  callback?: string | undefined
}

export interface Upload extends ImageOptions {
  body: Body
  /** The id of the image, if it is not new. */
  id?: string | undefined
  /** As declared by the client, if at all. */
  bytes?: number | undefined
}

/**
 * Accepts an image. When it returns, bytes and task are on disk:
 *
 *     checks without reading -> head (type) -> storage -> header (size) -> task -> queue
 *
 * A crash in between leaves bytes without a task, which the sweeper deletes later.
 *
 * @throws ServiceProblem 400, 413, 415, 422, 429 or 503; then no bytes stay behind
 */
export async function acceptUpload(upload: Upload, dependencies: IntakeDependencies): Promise<Task> {
  const { admission, ids, maxBytesInFlight, settings, storage, workers } = dependencies
  const limits = settings()
  // The response to an earlier request may have been lost.
  const known = upload.id === undefined ? undefined : await findTask(dependencies.taskDb, upload.id)
  if (known) {
    await requireSameBytes(known, atMost(limits.maxUploadBytes, upload.body))
    return known
  }
  const outputs = readOutputs(upload, limits.defaultOperations)
  if (upload.bytes !== undefined && upload.bytes > limits.maxUploadBytes)
    throw tooLarge(limits.maxUploadBytes)
  await admission.check({ ...limits, maxBytesInFlight, owner: upload.owner })

  const { body, owner } = upload
  const isShort = body instanceof Uint8Array && body.length <= limits.maxUploadBytes
  const limited = isShort ? body : atMost(limits.maxUploadBytes, body)
  using receiving = admission.receive(limited, { owner, maxBytesInFlight })
  const { head, whole } = await readHead(receiving.body, headBytes)
  const format = recognize(head)
  await workers.requireDecoder(contentTypeOf(format))
  const key = upload.id ?? (await ids.next())
  const put = upload.id === undefined ? storeOriginal : storeOnce
  const stored = await put(storage, key, contentTypeOf(format), whole)
  try {
    const original = await readFacts(storage, { key, head, stored, limits })
    // The first bytes don't show the codec of every file.
    await workers.requireDecoder(original.contentType)
    return await makeTask(key, { original, ...outputs }, upload, dependencies)
  } catch (error) {
    // Only after a final refusal: after any other error, the task may exist and need its bytes. If two requests have the
    // same id, a temporary refusal of one must not delete the bytes of the other.
    const isFinal = error instanceof ServiceProblem && (upload.id === undefined || error.status < 500)
    if (isFinal) await discardOriginal(key, dependencies)
    throw error
  }
}

/**
 * Accepts another development of a stored original, of which the new image gets a copy.
 *
 * @throws ServiceProblem 400, 404, 410, 415, 422, 429 or 503; then no bytes stay behind
 */
export async function acceptCopy(
  { from, ...options }: ImageOptions & { from: string },
  dependencies: IntakeDependencies,
): Promise<Task> {
  const { admission, ids, maxBytesInFlight, settings, storage, taskDb, workers } = dependencies
  const limits = settings()
  const outputs = readOutputs(options, limits.defaultOperations)
  await admission.check({ ...limits, maxBytesInFlight, owner: options.owner })
  const source = await findTask(taskDb, from)
  if (!source)
    throw new ServiceProblem(404, 'image-not-found', `there is no image ${from}; it may have expired`)
  await workers.requireDecoder(source.original.contentType)
  const key = await ids.next()
  const copied = await storage.copyBlob({ params: { key, stage: 'pre' }, querystring: { from } })
  if (copied.status === 404)
    throw new ServiceProblem(410, 'original-gone', `the original of the image ${from} is no longer stored`)
  if (copied.status === 503) throw ServiceProblem.relay(copied)
  try {
    return await makeTask(key, { original: source.original, from, ...outputs }, options, dependencies)
  } catch (error) {
    if (error instanceof ServiceProblem) await discardOriginal(key, dependencies)
    throw error
  }
}

async function makeTask(
  id: string,
  image: Outputs & { original: ImageFacts; from?: string },
  { owner, preset, idempotencyKey, urgency, callback }: ImageOptions,
  dependencies: IntakeDependencies,
): Promise<Task> {
  const reply = await dependencies.taskDb.putTask({
    params: { id },
    body: {
      state: 'not-started',
      maxAttempts: dependencies.maxAttempts,
      ...image,
      ...(owner !== undefined && { owner }),
      ...(preset !== undefined && { preset }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(urgency !== undefined && { urgency }),
      ...(callback !== undefined && {
        callback: { url: callback, keptSeconds: dependencies.settings().retentionSeconds },
      }),
    },
  })
  if (reply.status === 404 || reply.status === 409)
    throw new Error(`task-db refused a new task (${reply.status})`)
  const task = reply.body
  if (reply.status === 201) {
    dependencies.tally.add(imageCounters.accepted)
    dependencies.tally.add(imageCounters.bytesIn, image.original.bytes)
  } else if (task.id !== id) {
    requireSame(task, image)
    await discardOriginal(id, dependencies)
  }
  await dependencies.queue.add(task)
  return task
}

/** A repeated Idempotency-Key returns the first image, if the second is the same. */
function requireSame(task: Task, given: Outputs & { original: ImageFacts }): void {
  const isSame =
    task.original.sha256 === given.original.sha256 && isDeepStrictEqual(outputsOf(task), outputsOf(given))
  if (isSame) return
  throw new ServiceProblem(
    422,
    'idempotency-key-reused',
    'this Idempotency-Key was used for another image or other operations: use a new key',
  )
}
