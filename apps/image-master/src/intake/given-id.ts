import { createHash } from 'node:crypto'
import type { Client, StoredBlob, storageRoutes, Task } from '@darkroom/contracts'
import { ServiceProblem, unavailable } from '@darkroom/service-kit'

/** Two uploads with the same id are the same upload, sent again, or a mistake of the client. */
function idReused(): ServiceProblem {
  return new ServiceProblem(
    422,
    'idempotency-key-reused',
    'this Idempotency-Key, or this resumable upload, was used for another image: use a new key, or begin a new upload',
  )
}

/** @throws ServiceProblem 422 unless the body is the image of the task */
export async function requireSameBytes(task: Task, body: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  if (hash.digest('hex') !== task.original.sha256) throw idReused()
}

/**
 * Stores bytes under an id that another request may use, too. Stored bytes are never replaced: they may belong to a
 * task, whose facts describe them. If the same bytes are stored already, they are used.
 *
 * @throws ServiceProblem 422 if other bytes are stored
 */
export async function storeOnce(
  storage: Client<typeof storageRoutes>,
  key: string,
  contentType: string,
  body: AsyncIterable<Uint8Array> | Uint8Array,
): Promise<StoredBlob> {
  const params = { key, stage: 'pre' } as const
  const headers = { 'content-type': contentType, 'if-none-match': '*' }
  // The storage reads the whole body before it compares.
  const reply = await storage.putBlob({ params, querystring: {}, headers, body })
  if (reply.status === 201) return reply.body
  if (reply.status !== 412) throw ServiceProblem.relay(reply)
  const { received } = reply.body
  const stored = await storage.headBlob({ params, headers: {} })
  // A storage of an earlier version does not describe the bytes that it received.
  if (stored.status === 404 || received === undefined)
    throw unavailable('busy', `another upload of ${key} has just ended; try again`, 1)
  if (stored.headers.etag !== `"${received.sha256}"`) throw idReused()
  return received
}
