import { test } from 'node:test'
import { until } from '@darkroom/testing'
import fc from 'fast-check'
import type { KvStore, Scope } from '../../src/engine/engine.ts'
import { always, type OpenEngine, put, remove, text, wake } from './open-engine.ts'

const scopes: [string, Scope][] = [
  ['its key', { key: 'dir/a' }],
  ['a prefix of its key', { prefix: 'dir/' }],
  ['any key', { prefix: '' }],
]

export function waitsAreWoken(openEngine: OpenEngine): void {
  for (const [what, scope] of scopes) {
    test(`a wait for ${what} ends when it is set, changed and deleted`, async t => {
      const store = await openEngine(t)
      const changes = [
        () => put(store, 'dir/a', 'one'),
        () => put(store, 'dir/a', 'two'),
        () => remove(store, 'dir/a'),
      ]
      for (const change of changes) {
        const wait = wake(store, scope, (await store.get('dir/a')).revision)
        await change()
        await wait
      }
    })

    test(`a wait for ${what} misses no change between the read and the wait`, async t => {
      const store = await openEngine(t)
      await put(store, 'dir/a', 'one')
      const { revision } = await store.get('dir/a')
      await put(store, 'dir/a', 'two')
      for (let n = 0; n < 5; n += 1) await put(store, 'other', String(n))
      await wake(store, scope, revision)
      await remove(store, 'dir/a')
      await wake(store, scope, revision)
    })
  }

  test('one change wakes all requests that wait for it', async t => {
    const store = await openEngine(t)
    const { revision } = await store.get('a')
    const waits = Array.from({ length: 100 }, (_, n) =>
      wake(store, n % 2 === 0 ? { key: 'a' } : { prefix: 'a' }, revision),
    )
    await put(store, 'a', 'one')
    await Promise.all(waits)
  })

  test('each of many simultaneous changes wakes the requests that wait for its key', async t => {
    const store = await openEngine(t)
    const keys = Array.from({ length: 12 }, (_, n) => `dir/${n}`)
    await Promise.all(keys.map(key => put(store, key, 'one')))
    const { revision } = await store.get('dir/0')
    const waits = keys.map(key => wake(store, { key }, revision))
    await Promise.all(keys.map((key, n) => (n % 3 === 1 ? remove(store, key) : put(store, key, 'two'))))
    await Promise.all(waits)
  })

  test('a wait after a revision that the store has not reached is answered at once', async t => {
    const store = await openEngine(t)
    const { revision } = await put(store, 'a', 'one')
    for (const [, scope] of scopes) await wake(store, scope, revision + 1_000_000)
  })

  test('a wait ends when it is aborted', async t => {
    const store = await openEngine(t)
    const { revision } = await store.get('a')
    const controller = new AbortController()
    const wait = store.waitForChange({ key: 'a' }, revision, controller.signal)
    controller.abort()
    await wait
    await store.waitForChange({ prefix: '' }, revision, controller.signal)
  })

  test('after many concurrent writes, all followers see the final value', async t => {
    const store = await openEngine(t)
    const key = fc.constantFrom('dir/a', 'dir/b', 'dir/c', 'other')
    const action = fc.record({ key, isDeletion: fc.nat({ max: 3 }).map(n => n === 0) })
    const writers = fc.array(fc.array(action, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    })
    let values = 0
    await fc.assert(
      fc.asyncProperty(writers, async writers => {
        const controller = new AbortController()
        const followers = scopes
          .flatMap(([, scope]) => [scope, scope])
          .map(scope => follow(store, scope, controller.signal))
        await Promise.all(
          writers.map(async actions => {
            for (const { key, isDeletion } of actions) {
              if (isDeletion) await store.delete(key, always)
              else await put(store, key, `value ${++values}`)
            }
          }),
        )
        for (const { scope, seen } of followers) {
          const end = await contents(store, scope)
          await until('the follower has seen the last change', () => seen() === end)
        }
        controller.abort()
        await Promise.all(followers.map(({ ended }) => ended))
      }),
      { numRuns: 30 },
    )
  })
}

/** Reads and waits alternately, as a watcher of the store does, until aborted. */
function follow(store: KvStore, scope: Scope, signal: AbortSignal) {
  let seen = ''
  const run = async () => {
    while (!signal.aborted) {
      const { revision } = await store.get('any')
      seen = await contents(store, scope)
      await store.waitForChange(scope, revision, signal)
    }
  }
  return { scope, seen: () => seen, ended: run() }
}

async function contents(store: KvStore, scope: Scope): Promise<string> {
  if ('key' in scope) return text((await store.get(scope.key)).entry) ?? 'none'
  const { entries } = await store.list({ prefix: scope.prefix, limit: 100 })
  return entries.map(entry => `${entry.key}=${text(entry)}`).join()
}
