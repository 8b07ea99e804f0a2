import { kvConfigRoutes, revisionHeader } from '@darkroom/contracts'
import {
  type App,
  acceptBytes,
  checkPreconditions,
  holdSignal,
  PageCursors,
  readBody,
  ServiceProblem,
} from '@darkroom/service-kit'
import type { KvEntry, KvStore, WriteOutcome } from '../engine/engine.ts'
import { etagOf, readCondition } from '../read-condition.ts'

const maxKeyBytes = 512
const maxValueBytes = 1024 * 1024
const cursors = new PageCursors('keys')

export function addKeyRoutes(app: App, store: KvStore): void {
  acceptBytes(app)

  app.route({
    ...kvConfigRoutes.getKey,
    handler: async ({ params, query: { wait, after }, headers }, reply) => {
      const key = checkKey(params['*'])
      if (wait !== undefined) {
        const since = after ?? (await store.get(key)).revision
        await store.waitForChange({ key }, since, holdSignal(reply, wait))
      }
      const { revision, entry } = await store.get(key)
      reply.header(revisionHeader, revision)
      if (!entry) throw new ServiceProblem(404, 'key-not-found', `there is no key ${key}`)
      const etag = etagOf(entry.revision)
      reply.header('etag', etag)
      switch (checkPreconditions(headers, { etag })) {
        case 'failed':
          throw preconditionFailed(key, entry)
        case 'not-modified':
          return reply.code(304).send()
        case 'proceed':
          return reply.code(200).type('application/octet-stream').send(entry.value)
      }
    },
  })

  for (const route of [kvConfigRoutes.setKey, kvConfigRoutes.postKey]) {
    app.route({
      ...route,
      handler: async ({ params, query: { ttl }, headers, body }, reply) => {
        const key = checkKey(params['*'])
        const value = await readBody(body, maxValueBytes)
        const condition = readCondition(headers)
        const outcome = await store.set(key, value, { condition, ttlSeconds: ttl })
        const { revision, isNew } = written(outcome, key)
        reply.headers({ etag: etagOf(revision), [revisionHeader]: revision })
        return reply.code(isNew ? 201 : 200).send()
      },
    })
  }

  app.route({
    ...kvConfigRoutes.deleteKey,
    handler: async ({ params, headers }, reply) => {
      const key = checkKey(params['*'])
      const { revision } = written(await store.delete(key, readCondition(headers)), key)
      reply.header(revisionHeader, revision)
      return reply.code(204).send()
    },
  })

  app.route({
    ...kvConfigRoutes.listKeys,
    handler: async ({ query: { prefix = '', limit = 100, cursor, wait, after } }, reply) => {
      const last = cursors.read(cursor)
      if (wait !== undefined) {
        const since = after ?? (await store.get(prefix)).revision
        await store.waitForChange({ prefix }, since, holdSignal(reply, wait))
      }
      const page = await store.list({ prefix, limit, cursor: last, tellsExpiry: true })
      const { entries, ...rest } = cursors.write(page)
      return { ...rest, keys: entries.map(toJson) }
    },
  })
}

function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes <= maxKeyBytes) return key
  throw new ServiceProblem(
    400,
    'key-too-long',
    `the key has ${bytes} bytes; at most ${maxKeyBytes} are taken`,
  )
}

function written(outcome: WriteOutcome, key: string): Extract<WriteOutcome, { kind: 'written' }> {
  if (outcome.kind === 'written') return outcome
  throw preconditionFailed(key, outcome.current)
}

function preconditionFailed(key: string, current: KvEntry | undefined): ServiceProblem {
  const found = current ? `it is at revision ${current.revision}` : 'it does not exist'
  return new ServiceProblem(412, 'precondition-failed', `the key ${key} is not as presumed: ${found}`, {
    headers: current ? { etag: etagOf(current.revision) } : {},
  })
}

function toJson({ key, value, revision, expiresAt }: KvEntry) {
  return {
    key,
    revision,
    value: Buffer.from(value).toString('base64'),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  }
}
