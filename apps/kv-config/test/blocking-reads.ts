import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { assertLongBeforeEnd, until } from '@darkroom/testing'
import { buildTestApp } from './build-test-app.ts'
import { type OpenEngine, put, remove } from './conformance/open-engine.ts'

const waitSeconds = 50

/** Tests the promises of the routes about blocking reads, for any store. */
export function blockingReads(name: string, openStore: OpenEngine): void {
  suite(`blocking reads of a store in ${name}`, () => {
    for (const path of ['/key/dir/a', '/keys?prefix=dir/', '/keys?']) {
      const url = `${path}${path.includes('?') ? '&' : '?'}wait=${waitSeconds}`

      for (const after of ['', '&after=']) {
        test(`GET ${url}${after} is answered when there is a change, long before its wait ends`, async t => {
          const startedAt = performance.now()
          const { store, read, untilHeld } = await listen(t, openStore)
          const { revision } = await put(store, 'dir/b', 'another')
          const answer = read(after ? `${url}${after}${revision}` : url)
          await untilHeld(1)
          const written = await put(store, 'dir/a', 'changed')
          const { status, headers } = await answer
          assert.equal(status, 200)
          if (path.startsWith('/key/')) assert.equal(headers.get('kv-revision'), String(written.revision))
          assertLongBeforeEnd(startedAt, waitSeconds)
        })
      }

      test(`GET ${url} is answered at once if the change has already happened`, async t => {
        const startedAt = performance.now()
        const { store, read } = await listen(t, openStore)
        const { revision } = await put(store, 'dir/a', 'one')
        await put(store, 'dir/a', 'two')
        assert.equal((await read(`${url}&after=${revision}`)).status, 200)
        assertLongBeforeEnd(startedAt, waitSeconds)
      })
    }

    test('a read that waits for a key returns 404 when the key is deleted', async t => {
      const { store, read, untilHeld } = await listen(t, openStore)
      await put(store, 'a', 'one')
      const answer = read(`/key/a?wait=${waitSeconds}`)
      await untilHeld(1)
      const { revision } = await remove(store, 'a')
      const { status, headers } = await answer
      assert.deepEqual([status, headers.get('kv-revision')], [404, String(revision)])
    })

    test('a read whose wait ends without a change returns the current value', async t => {
      const { store, read } = await listen(t, openStore)
      await put(store, 'a', 'one')
      assert.equal(await (await read('/key/a?wait=0.05')).text(), 'one')
      assert.equal((await read('/keys?wait=0')).status, 200)
    })

    test('changes elsewhere and renewed leases leave a read waiting', async t => {
      const { store, read, untilHeld } = await listen(t, openStore)
      await put(store, 'a', 'one', 60)
      const answers: string[] = []
      const wait = read(`/key/a?wait=${waitSeconds}`).then(async answer => answers.push(await answer.text()))
      await untilHeld(1)
      await put(store, 'a', 'one', 60)
      await put(store, 'b', 'one')
      await (await read('/key/b')).text() // waits for one round trip
      assert.deepEqual(answers, [])
      await put(store, 'a', 'two')
      await wait
      assert.deepEqual(answers, ['two'])
    })

    test('closing the app answers all waiting requests at once', async t => {
      const startedAt = performance.now()
      const { app, store, read, untilHeld } = await listen(t, openStore)
      await put(store, 'a', 'one')
      const answers = ['/key/a?', '/key/b?', '/keys?'].map(path => read(`${path}wait=${waitSeconds}`))
      await untilHeld(3)
      await app.close()
      const statuses = await Promise.all(answers.map(async answer => (await answer).status))
      assert.deepEqual(statuses, [200, 404, 200])
      assertLongBeforeEnd(startedAt, waitSeconds)
    })

    test('a client that hangs up ends its wait', async t => {
      const { store, read, untilHeld } = await listen(t, openStore)
      const ended: Promise<void>[] = []
      const { waitForChange } = store
      t.mock.method(store, 'waitForChange', (...call: Parameters<typeof waitForChange>) => {
        const wait = waitForChange.apply(store, call)
        ended.push(wait)
        return wait
      })
      const controller = new AbortController()
      const answer = read(`/key/a?wait=${waitSeconds}`, controller.signal)
      await untilHeld(1)
      controller.abort()
      await assert.rejects(answer)
      await Promise.all(ended)
    })

    for (const surplus of [1, 5 * 1024 * 1024]) {
      test(`over the wire, a value of ${surplus} bytes more than 1 MiB returns 413`, async t => {
        const { base, store } = await listen(t, openStore)
        const body = new Uint8Array(1024 * 1024 + surplus)
        const { status } = await fetch(`${base}/key/a`, { method: 'PUT', body })
        assert.equal(status, 413)
        assert.equal((await store.get('a')).entry, undefined)
      })
    }
  })
}

/** The app on a port, and the number of requests that wait in it. */
async function listen(t: TestContext, openStore: OpenEngine) {
  const store = await openStore(t)
  const waits = t.mock.method(store, 'waitForChange')
  const app = buildTestApp(t, { store })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const read = (path: string, signal?: AbortSignal) => fetch(base + path, signal ? { signal } : {})
  const untilHeld = (requests: number) =>
    until(`${requests} requests are held`, () => waits.mock.callCount() >= requests)
  return { app, base, store, read, untilHeld }
}
