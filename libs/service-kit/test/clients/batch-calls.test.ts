import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  createClient,
  defineBatch,
  defineRoute,
  maxBatchedCalls,
  Problem,
  UnexpectedReply,
} from '@darkroom/contracts'
import { Type } from '@darkroom/contracts/typebox'
import { until } from '@darkroom/testing'
import { batchCalls } from '../../src/clients/batch-calls.ts'
import { batchHandler } from '../../src/http/answer-batch.ts'
import { apiOf } from '../../src/http/api.ts'
import { createLogger } from '../../src/log/logger.ts'
import { ServiceProblem, ServiceUnavailable, unavailable } from '../../src/problems/problems.ts'
import { buildApp } from '../app.ts'
import { refusing, transportTo } from './transport-to.ts'

const Note = Type.Object({ id: Type.String() }, { additionalProperties: false })
const noteRoutes = {
  getNote: defineRoute({
    method: 'GET',
    url: '/notes/:id',
    schema: { summary: 'Reads a note', params: Note, response: { 200: Note, 404: Problem } },
  }),
  claimNote: defineRoute({
    method: 'POST',
    url: '/notes/claim',
    schema: {
      summary: 'Claims a note',
      querystring: Type.Object({ wait: Type.Optional(Type.Integer()) }, { additionalProperties: false }),
      body: Note,
      response: { 200: Note },
    },
  }),
}
const routes = { ...noteRoutes, answerBatch: defineBatch(noteRoutes) }

interface Handling {
  getNote?: (id: string) => Promise<void>
  claimNote?: (id: string) => Promise<void>
  /** Called with each request before it is handled. */
  arrived?: (url: string) => Promise<void>
  /** Whether the service has the route for batches. */
  hasBatches?: boolean
}

/** A service of notes, a client of it that sends batches, and the paths of the requests that arrived. */
async function serveNotes(t: TestContext, handling: Handling = {}) {
  const { getNote, claimNote, arrived, hasBatches = true } = handling
  const noteOf = (id: string) => ({ status: 200 as const, headers: { 'x-note': id }, body: { id } })
  const handlers = {
    getNote: async ({ params: { id } }: { params: { id: string } }) => {
      await getNote?.(id)
      return noteOf(id)
    },
    claimNote: async ({ body: { id } }: { body: { id: string } }) => {
      await claimNote?.(id)
      return noteOf(id)
    },
  }
  const answerBatch = batchHandler({ handlers, throwProblem }, createLogger('test', 'silent'))
  const api = hasBatches ? apiOf(routes, { ...handlers, answerBatch }) : apiOf(noteRoutes, handlers)
  const { app } = buildApp(t, { api })
  const paths: string[] = []
  app.addHook('preHandler', async ({ url }) => {
    paths.push(url)
    await arrived?.(url)
  })
  const { send } = transportTo(t, [await app.listen({ port: 0 })])
  const notes = batchCalls(createClient(routes, send), noteRoutes)
  return {
    paths,
    get: async (id: string, signal?: AbortSignal) =>
      notes.getNote({ params: { id }, ...(signal && { signal }) }),
    claim: async (id: string, wait = 0) => notes.claimNote({ querystring: { wait }, body: { id } }),
    app,
  }
}

function throwProblem(error: unknown): never {
  throw error
}

async function idsOf(calls: Promise<{ status: number; body: unknown }>[]): Promise<unknown[]> {
  return (await Promise.all(calls)).map(({ status, body }) => [status, (body as { id: string }).id].join(' '))
}

const isUnexpected = (status: number) => (error: unknown) =>
  error instanceof UnexpectedReply && error.status === status

suite('calls that are made at once', () => {
  test('calls that are made at once share a request, and each gets its own response', async t => {
    const { get, claim, paths } = await serveNotes(t)
    const calls = [get('a/ä'), claim('b'), get('c')]
    assert.deepEqual(await idsOf(calls), ['200 a/ä', '200 b', '200 c'])
    assert.equal((await calls[1])?.headers['x-note'], 'b')
    assert.deepEqual(paths, ['/batch'])
  })

  test('calls that are made at once share a request, and a problem is the response of one call', async t => {
    const missing = new ServiceProblem(404, 'no-note', 'there is no note b')
    const { get, paths } = await serveNotes(t, {
      getNote: async id => {
        if (id === 'b') throw missing
      },
    })
    const [a, b] = await Promise.all([get('a'), get('b')])
    assert.deepEqual([a.status, b.status, b.body], [200, 404, missing.toJSON()])
    assert.deepEqual(paths, ['/batch'])
  })

  test('calls that are made at once share several requests if there are too many for a batch', async t => {
    const { get, paths } = await serveNotes(t)
    const ids = Array.from({ length: 2 * maxBatchedCalls }, (_, n) => `${n}`)
    assert.deepEqual(
      await idsOf(ids.map(id => get(id))),
      ids.map(id => `200 ${id}`),
    )
    assert.deepEqual(paths, ['/batch', '/batch'])
  })

  test('calls that are made at once are sent one by one if the service does not support batches', async t => {
    const { get, claim, paths } = await serveNotes(t, { hasBatches: false })
    assert.deepEqual(await idsOf([get('a'), claim('b')]), ['200 a', '200 b'])
    assert.deepEqual(paths.toSorted(), ['/notes/a', '/notes/claim?wait=0'])
  })

  test('calls that are made at once are sent one by one if the service refuses the batch', async t => {
    const { get, paths } = await serveNotes(t, {
      arrived: async url => {
        if (url === '/batch') throw new ServiceProblem(413, 'too-large', 'the body is too large')
      },
    })
    assert.deepEqual(await idsOf([get('a'), get('b')]), ['200 a', '200 b'])
    assert.deepEqual(paths.toSorted(), ['/batch', '/notes/a', '/notes/b'])
  })

  test('calls that are made at once are repeated together if the connection breaks before the response', async t => {
    let broken = 0
    const notes = await serveNotes(t, {
      arrived: async () => {
        if (broken++ === 0) notes.app.server.closeAllConnections()
      },
    })
    assert.deepEqual(await idsOf([notes.get('a'), notes.get('b')]), ['200 a', '200 b'])
    assert.deepEqual(notes.paths, ['/batch', '/batch'])
  })

  test('calls of a batch fail alone: after a 503, only a call that may be repeated is retried', async t => {
    const failed = new Set<string>()
    const failOnce = async (id: string) => {
      if (id === 'a' || failed.has(id)) return
      failed.add(id)
      throw unavailable('unavailable', 'the store does not answer', 1)
    }
    const { get, claim, paths } = await serveNotes(t, { getNote: failOnce, claimNote: failOnce })
    const [a, b, c] = await Promise.allSettled([get('a'), get('b'), claim('c')])
    assert.deepEqual([a.status, b.status, c.status], ['fulfilled', 'fulfilled', 'rejected'])
    assert.ok(c.status === 'rejected' && isUnexpected(503)(c.reason))
    assert.deepEqual(paths, ['/batch', '/notes/b'])
  })

  test('calls that are made at once get an error each if the service fails', async t => {
    const { get } = await serveNotes(t, {
      getNote: async id => {
        if (id === 'b') throw new Error('a fault')
      },
    })
    const [a, b] = await Promise.allSettled([get('a'), get('b')])
    assert.equal(a.status, 'fulfilled')
    assert.ok(b.status === 'rejected' && isUnexpected(500)(b.reason))
  })
})

suite('a call', () => {
  test('a call without others is sent to its own route', async t => {
    const { get, claim, paths } = await serveNotes(t)
    await get('a')
    await claim('b')
    assert.deepEqual(paths, ['/notes/a', '/notes/claim?wait=0'])
  })

  test('a call that may be held or aborted is sent alone', async t => {
    const held = Promise.withResolvers<void>()
    const { get, claim, paths } = await serveNotes(t, { claimNote: () => held.promise })
    const { signal } = new AbortController()
    const claimed = claim('a', 5)
    assert.deepEqual(await idsOf([get('b', signal), get('c'), get('d')]), ['200 b', '200 c', '200 d'])
    held.resolve()
    await claimed
    assert.deepEqual(paths.toSorted(), ['/batch', '/notes/b', '/notes/claim?wait=5'])
  })

  test('a call waits for others while three batches are in progress, but not long for slow calls', async t => {
    const slow = Promise.withResolvers<void>()
    const { get, paths } = await serveNotes(t, {
      getNote: async id => {
        if (id.startsWith('slow')) await slow.promise
      },
    })
    const first: ReturnType<typeof get>[] = []
    for (const [n, name] of ['a', 'b', 'c'].entries()) {
      first.push(get(`slow ${name}`), get(name))
      await until('the batch has arrived', async () => paths.length > n)
    }
    const ids = Array.from({ length: 50 }, (_, n) => `${n}`)
    const calls: ReturnType<typeof get>[] = []
    for (const id of ids) {
      calls.push(get(id))
      await new Promise(setImmediate)
    }
    assert.deepEqual(
      await idsOf(calls),
      ids.map(id => `200 ${id}`),
    )
    assert.ok(paths.length < 3 + ids.length, paths.join())
    slow.resolve()
    assert.deepEqual(await idsOf(first), [
      '200 slow a',
      '200 a',
      '200 slow b',
      '200 b',
      '200 slow c',
      '200 c',
    ])
  })

  test('a call fails like the whole batch if the service cannot be reached', async t => {
    const { send } = transportTo(t, [await refusing()], { timeoutMs: 100 })
    const { getNote } = batchCalls(createClient(routes, send), noteRoutes)
    const calls = [getNote({ params: { id: 'a' } }), getNote({ params: { id: 'b' } })]
    for (const call of await Promise.allSettled(calls))
      assert.ok(call.status === 'rejected' && call.reason instanceof ServiceUnavailable)
  })
})

test('a batch with a call of another route, or with unknown or missing parts, is refused', async t => {
  const { app } = await serveNotes(t)
  const post = (calls: object[]) => app.inject({ method: 'POST', url: '/batch', payload: { calls } })
  const wrong = [
    { name: 'deleteNote', params: { id: 'a' } },
    { name: 'getNote' },
    { name: 'getNote', params: { id: 'a' }, body: {} },
    { name: 'claimNote', body: { id: 'a' }, querystring: { wait: '5' } },
  ]
  for (const call of wrong) assert.equal((await post([call])).statusCode, 400, JSON.stringify(call))
  const call = { name: 'getNote', params: { id: 'a' } }
  assert.equal((await post([])).statusCode, 400)
  assert.equal((await post(Array(maxBatchedCalls + 1).fill(call))).statusCode, 400)
  const { answers } = (await post([call])).json()
  assert.deepEqual(answers, [{ status: 200, headers: { 'x-note': 'a' }, body: { id: 'a' } }])
})
