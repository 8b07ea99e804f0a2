import { type Handler, type Handlers, type kvConfigRoutes, revisionHeader } from '@darkroom/contracts'
import { checkPreconditions, holdFor, PageCursors, readBody, ServiceProblem } from '@darkroom/service-kit'
import type { KvEntry, KvStore, Scope, WriteOutcome } from '../engine/engine.ts'
import { etagOf, readCondition } from '../read-condition.ts'

const maxKeyBytes = 512
const maxValueBytes = 1024 * 1024
const cursors = new PageCursors('keys')

type KeyHandlers = Pick<
  Handlers<typeof kvConfigRoutes>,
  'getKey' | 'setKey' | 'postKey' | 'deleteKey' | 'listKeys'
>

/** `closing` ends all waits. */
export function keyHandlers(store: KvStore, closing: AbortSignal): KeyHandlers {
  /** Resolves once something in the scope has changed after the revision, or after `seconds`. */
  const hold = async (scope: Scope, after: number | undefined, seconds: number, gone: AbortSignal) => {
    const since = after ?? (await store.revision())
    using held = holdFor(seconds, gone, closing)
    await store.waitForChange(scope, since, held.signal)
  }

  const setKey: Handler<typeof kvConfigRoutes.setKey> = async call => {
    const key = checkKey(call.params['*'])
    const value = await readBody(call.body, maxValueBytes)
    const condition = readCondition(call.headers)
    const outcome = await store.set(key, value, { condition, ttlSeconds: call.querystring.ttl })
    const { revision, isNew } = written(outcome, key)
    return { status: isNew ? 201 : 200, headers: { etag: etagOf(revision), [revisionHeader]: revision } }
  }

  return {
    async getKey({ params, querystring: { wait, after }, headers, signal }) {
      const key = checkKey(params['*'])
      if (wait !== undefined) await hold({ key }, after, wait, signal)
      const { revision, entry } = await store.get(key)
      if (!entry) throw keyNotFound(key, revision)
      const etag = etagOf(entry.revision)
      const described = { etag, [revisionHeader]: revision }
      switch (checkPreconditions(headers, { etag })) {
        case 'failed':
          throw preconditionFailed(key, entry, { [revisionHeader]: String(revision) })
        case 'not-modified':
          return { status: 304, headers: described }
        case 'proceed': {
          const { value } = entry
          const content = { 'content-type': 'application/octet-stream', 'content-length': value.length }
          return { status: 200, headers: { ...described, ...content }, body: value }
        }
      }
    },

    setKey,
    postKey: setKey,

    async deleteKey({ params, headers }) {
      const key = checkKey(params['*'])
      const { revision } = written(await store.delete(key, readCondition(headers)), key)
      return { status: 204, headers: { [revisionHeader]: revision } }
    },

    async listKeys({ querystring: { prefix = '', limit = 100, cursor, wait, after }, signal }) {
      const last = cursors.read(cursor)
      if (wait !== undefined) await hold({ prefix }, after, wait, signal)
      const page = await store.list({ prefix, limit, cursor: last, includesExpiry: true })
      const { entries, ...rest } = cursors.write(page)
      return { status: 200, body: { ...rest, keys: entries.map(toJson) } }
    },
  }
}

/** Includes the revision, so that a caller can wait for the key from there. */
function keyNotFound(key: string, revision: number): ServiceProblem {
  return new ServiceProblem(404, 'key-not-found', `the key ${key} does not exist`, {
    headers: { [revisionHeader]: String(revision) },
  })
}

function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes <= maxKeyBytes) return key
  throw new ServiceProblem(
    400,
    'key-too-long',
    `the key has ${bytes} bytes; at most ${maxKeyBytes} are allowed`,
  )
}

function written(outcome: WriteOutcome, key: string): Extract<WriteOutcome, { kind: 'written' }> {
  if (outcome.kind === 'written') return outcome
  throw preconditionFailed(key, outcome.current)
}

function preconditionFailed(
  key: string,
  current: KvEntry | undefined,
  headers: Record<string, string> = {},
): ServiceProblem {
  const found = current ? `it is at revision ${current.revision}` : 'it does not exist'
  return new ServiceProblem(
    412,
    'precondition-failed',
    `the key ${key} does not match the preconditions of the request: ${found}`,
    {
      headers: { ...headers, ...(current && { etag: etagOf(current.revision) }) },
    },
  )
}

function toJson({ key, value, revision, expiresAt }: KvEntry) {
  return {
    key,
    revision,
    value: Buffer.from(value).toString('base64'),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  }
}
