import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { fileExtensionOf, frontendRoutes, outputKey, outputsOf, type Task } from '@darkroom/contracts'
import { type App, collectingMemory, type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { requireFinished } from '@darkroom/service-kit/images'
import { makeZip, predictLength } from 'client-zip'
import { requireImage } from '../access/caller.ts'

/** Keeps the URL short enough for proxies. */
const maxImages = 200

interface Entry {
  name: string
  size: number
  lastModified: Date
  key: string
}

/** Zips of results, streamed: nothing is compressed (images are), so the length is known before the first byte. */
export function addArchiveRoutes(
  app: App,
  { storage, taskDb }: Pick<ServiceClients, 'storage' | 'taskDb'>,
): void {
  app.route({
    ...frontendRoutes.getArchive,
    exposeHeadRoute: false,
    handler: async ({ query: { ids }, caller }, reply) => {
      const tasks = await Promise.all(readIds(ids).map(id => requireImage(taskDb, caller, id)))
      const entries = tasks.flatMap(entriesOf)
      reply.headers({
        'cache-control': 'private, no-store',
        'content-disposition': 'attachment; filename="darkroom.zip"',
        'content-length': String(predictLength(entries)),
        'content-type': 'application/zip',
        'x-content-type-options': 'nosniff',
      })
      return reply.send(Readable.fromWeb(makeZip(filesOf(entries)) as WebStream))
    },
  })

  async function* filesOf(entries: readonly Entry[]) {
    for (const { key, ...entry } of entries) {
      const stored = await storage.getBlob({ params: { key, stage: 'post' }, headers: {} })
      // The headers are sent: the connection breaks, and the client sees that the archive is not complete.
      if (stored.status !== 200) throw new Error(`the result of ${key} was deleted while it was archived`)
      yield { ...entry, input: collectingMemory(stored.body) }
    }
  }
}

function readIds(text: string): string[] {
  const ids = [...new Set(text.split(',').map(id => id.trim()))].filter(id => id !== '')
  if (ids.length > 0 && ids.length <= maxImages) return ids
  throw new ServiceProblem(
    400,
    'invalid-request',
    `ids must be 1 to ${maxImages} ids, separated by commas; got ${ids.length}`,
  )
}

/** The result and all variants of an image. */
function entriesOf(task: Task): Entry[] {
  try {
    requireFinished(task)
  } catch (error) {
    if (!(error instanceof ServiceProblem)) throw error
    throw new ServiceProblem(error.status, error.code, `${task.id}: ${error.message}`, error)
  }
  const lastModified = new Date(task.finishedAt ?? task.createdAt)
  return outputsOf(task).flatMap(({ name }) => {
    const facts = name === undefined ? task.result : task.variants?.[name]?.result
    if (!facts) return []
    const key = outputKey(task.id, name)
    return { name: `${key}.${fileExtensionOf(facts.contentType)}`, size: facts.bytes, lastModified, key }
  })
}
