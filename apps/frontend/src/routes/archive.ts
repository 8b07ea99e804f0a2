import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import {
  fileExtensionOf,
  frontendRoutes,
  type ImageFacts,
  outputKey,
  outputsOf,
  type Task,
} from '@darkroom/contracts'
import {
  type App,
  collectingMemory,
  hangUpSignal,
  type ServiceClients,
  ServiceProblem,
} from '@darkroom/service-kit'
import { requireFinished } from '@darkroom/service-kit/images'
import { makeZip, predictLength } from 'client-zip'
import { requireImage } from '../access/caller.ts'
import { archiveNames } from '../images/archive-names.ts'

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
    handler: async ({ method, query: { ids, names, without = '' }, caller }, reply) => {
      const wanted = readImages(ids, names)
      const leftOut = new Set(without.split(','))
      const tasks = await Promise.all(wanted.map(({ id }) => requireImage(taskDb, caller, id)))
      const images = tasks.map((task, at) => ({
        id: task.id,
        name: wanted[at]?.name,
        results: resultsOf(task, leftOut),
      }))
      const entries = entriesOf(images)
      reply.headers({
        'content-disposition': 'attachment; filename="darkroom.zip"',
        'content-length': String(predictLength(entries)),
        'content-type': 'application/zip',
        'x-content-type-options': 'nosniff',
      })
      if (method === 'HEAD') return reply.send(Readable.from([]))
      return reply.send(Readable.fromWeb(makeZip(filesOf(entries, hangUpSignal(reply))) as WebStream))
    },
  })

  async function* filesOf(entries: readonly Entry[], hangUp: AbortSignal) {
    for (const { key, ...entry } of entries) {
      const stored = await storage.getBlob({ params: { key, stage: 'post' }, headers: {}, signal: hangUp })
      // The headers are sent: the connection breaks, and the client sees that the archive is not complete.
      if (stored.status !== 200)
        throw new Error(`the result of ${key} was deleted while it was being archived`)
      if (hangUp.aborted) return stored.body.dump()
      const input = collectingMemory(stored.body)
      // client-zip doesn't end its input when the client hangs up, so the file or the connection would stay open.
      const end = () => void input.return(undefined)
      hangUp.addEventListener('abort', end)
      yield { ...entry, input }
      hangUp.removeEventListener('abort', end)
    }
  }
}

/** The ids, each once, with the name at the same position in the other list. */
function readImages(idList: string, nameList = ''): { id: string; name?: string | undefined }[] {
  const [ids, names] = [idList.split(','), nameList.split('/')]
  if (names.length > ids.length) {
    const detail = `there are more names (${names.length}) than ids (${ids.length}): separate names by slashes, and use no slash inside a name`
    throw new ServiceProblem(400, 'invalid-request', detail)
  }
  const byId = new Map<string, string | undefined>()
  for (const [at, text] of ids.entries()) {
    const id = text.trim()
    if (id !== '' && !byId.has(id)) byId.set(id, names[at])
  }
  if (byId.size > 0 && byId.size <= maxImages) return [...byId].map(([id, name]) => ({ id, name }))
  throw new ServiceProblem(
    400,
    'invalid-request',
    `ids must be 1 to ${maxImages} ids, separated by commas; got ${byId.size}`,
  )
}

interface FinishedImage {
  id: string
  /** The name that the client gave it. */
  name: string | undefined
  results: readonly Result[]
}

interface Result {
  variant: string | undefined
  facts: ImageFacts
  lastModified: Date
}

/** The result of an image and its variants, without the outputs that the client omits. */
function resultsOf(task: Task, leftOut: ReadonlySet<string>): Result[] {
  try {
    requireFinished(task)
  } catch (error) {
    if (!(error instanceof ServiceProblem)) throw error
    throw new ServiceProblem(error.status, error.code, `${task.id}: ${error.message}`, error)
  }
  const lastModified = new Date(task.finishedAt ?? task.createdAt)
  return outputsOf(task).flatMap(({ name: variant }) => {
    if (variant !== undefined && leftOut.has(variant)) return []
    const facts = variant === undefined ? task.result : task.variants?.[variant]?.result
    return facts ? [{ variant, facts, lastModified }] : []
  })
}

function entriesOf(images: readonly FinishedImage[]): Entry[] {
  const names = archiveNames(
    images.map(({ id, name, results }) => ({ id, name, outputs: results.map(({ variant }) => variant) })),
  )
  return images.flatMap(({ id, results }, at) =>
    results.map(({ variant, facts, lastModified }) => ({
      name: `${outputKey(names[at] ?? id, variant)}.${fileExtensionOf(facts.contentType)}`,
      size: facts.bytes,
      lastModified,
      key: outputKey(id, variant),
    })),
  )
}
