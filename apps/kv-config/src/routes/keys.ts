import type { IncomingHttpHeaders } from 'node:http'
import { kvConfigRoutes, revisionHeader } from '@darkroom/contracts'
import { type App, acceptBytes, holdSignal, readBody, ServiceProblem } from '@darkroom/service-kit'
import type { Condition, KvEntry, KvStore, WriteOutcome } from '../engine/engine.ts'

const maxKeyBytes = 512
const maxValueBytes = 1024 * 1024

export function addKeyRoutes(app: App, store: KvStore): void {
  acceptBytes(app)

  app.route({
    ...kvConfigRoutes.getKey,
    handler: async ({ params, query: { wait, after } }, reply) => {
      const key = checkKey(params['*'])
      if (wait !== undefined) {
        const since = after ?? (await store.get(key)).revision
        await store.waitForChange({ key }, since, holdSignal(reply, wait))
      }
      const { revision, entry } = await store.get(key)
      reply.header(revisionHeader, revision)
      if (!entry) throw new ServiceProblem(404, 'key-not-found', `there is no key ${key}`)
      return reply.header('etag', etag(entry.revision)).type('application/octet-stream').send(entry.value)
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
        reply.headers({ etag: etag(revision), [revisionHeader]: revision })
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
      if (wait !== undefined) {
        const since = after ?? (await store.get(prefix)).revision
        await store.waitForChange({ prefix }, since, holdSignal(reply, wait))
      }
      const { entries, ...page } = await store.list({ prefix, limit, cursor, tellsExpiry: true })
      return { ...page, keys: entries.map(toJson) }
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

function readCondition(headers: IncomingHttpHeaders): Condition {
  if (headers['if-none-match'] !== undefined) return { kind: 'absent' }
  const match = headers['if-match']
  if (match === undefined) return { kind: 'always' }
  return match === '*' ? { kind: 'present' } : { kind: 'revision', revision: Number(match.slice(1, -1)) }
}

function written(outcome: WriteOutcome, key: string): Extract<WriteOutcome, { kind: 'written' }> {
  if (outcome.kind === 'written') return outcome
  const { current } = outcome
  const found = current ? `it is at revision ${current.revision}` : 'it does not exist'
  throw new ServiceProblem(412, 'precondition-failed', `the key ${key} is not as presumed: ${found}`, {
    headers: current ? { etag: etag(current.revision) } : {},
  })
}

function etag(revision: number): string {
  return `"${revision}"`
}

function toJson({ key, value, revision, expiresAt }: KvEntry) {
  return {
    key,
    revision,
    value: Buffer.from(value).toString('base64'),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  }
}
