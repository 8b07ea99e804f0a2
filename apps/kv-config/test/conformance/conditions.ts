import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Condition, KvStore } from '../../src/engine/engine.ts'
import {
  absent,
  always,
  atRevision,
  byBytes,
  bytes,
  type OpenEngine,
  present,
  put,
  refused,
  text,
  written,
} from './open-engine.ts'

const racers = 30

export function conditionsHold(openEngine: OpenEngine): void {
  test('a write with If-None-Match: * succeeds only if there is no entry', async t => {
    const store = await openEngine(t)
    written(await store.set('a', bytes('one'), { condition: absent }))
    assert.equal(text(refused(await store.set('a', bytes('two'), { condition: absent }))), 'one')
    assert.equal(text((await store.get('a')).entry), 'one')
  })

  test('a write with If-Match: * succeeds only if there is an entry', async t => {
    const store = await openEngine(t)
    assert.equal(refused(await store.set('a', bytes('one'), { condition: present })), undefined)
    assert.equal(refused(await store.delete('a', present)), undefined)
    assert.equal((await store.get('a')).entry, undefined)
    await put(store, 'a', 'one')
    written(await store.set('a', bytes('two'), { condition: present }))
    written(await store.delete('a', present))
    assert.equal((await store.get('a')).entry, undefined)
  })

  test('a write with If-Match succeeds only if the entry has that revision', async t => {
    const store = await openEngine(t)
    const first = await put(store, 'a', 'one')
    const second = written(await store.set('a', bytes('two'), { condition: atRevision(first.revision) }))
    const condition = atRevision(first.revision)
    assert.equal(refused(await store.set('a', bytes('three'), { condition }))?.revision, second.revision)
    assert.equal(text(refused(await store.delete('a', condition))), 'two')
    written(await store.delete('a', atRevision(second.revision)))
    assert.equal(refused(await store.set('a', bytes('four'), { condition })), undefined)
    assert.equal(refused(await store.delete('a', condition)), undefined)
  })

  test('the revision of another key satisfies no condition', async t => {
    const store = await openEngine(t)
    await put(store, 'a', 'one')
    const { revision } = await put(store, 'b', 'one')
    assert.equal(text(refused(await store.delete('a', atRevision(revision)))), 'one')
  })

  test('exactly one of many simultaneous creations succeeds, and the others get its revision', async t => {
    const store = await openEngine(t)
    await assertOneWins(store, absent)
  })

  test('exactly one of many simultaneous replacements of one revision succeeds', async t => {
    const store = await openEngine(t)
    const { revision } = await put(store, 'a', 'before')
    await assertOneWins(store, atRevision(revision))
  })

  test('exactly one of many simultaneous deletions of one revision succeeds', async t => {
    const store = await openEngine(t)
    const { revision } = await put(store, 'a', 'before')
    const deletions = Array.from({ length: racers }, () => store.delete('a', atRevision(revision)))
    const outcomes = await Promise.all(deletions)
    assert.equal(outcomes.filter(({ kind }) => kind === 'written').length, 1)
  })

  test('a counter that many clients increment by compare-and-set loses no increment', async t => {
    const store = await openEngine(t)
    await put(store, 'counter', '0')
    await Promise.all(Array.from({ length: 8 }, () => increment(store, 5)))
    assert.equal(text((await store.get('counter')).entry), '40')
  })

  test('after any operations it gives the results of an ordered map', async t => {
    const store = await openEngine(t)
    const key = fc.constantFrom('a', 'a/b', 'b')
    const presumes = fc.constantFrom('always', 'absent', 'present', 'current', 'stale')
    const action = fc.record({ key, presumes, value: fc.option(fc.constantFrom('x', 'y')) })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async actions => {
        const model = new Map<string, string>()
        for (const key of ['a', 'a/b', 'b']) await store.delete(key, always)
        for (const { key, presumes, value } of actions) {
          const { entry } = await store.get(key)
          const isMet =
            presumes === 'always' || (presumes === 'absent' ? !entry : !!entry && presumes !== 'stale')
          const condition = conditionOf(presumes, entry?.revision ?? 0)
          const outcome = await (value === null
            ? store.delete(key, condition)
            : store.set(key, bytes(value), { condition }))
          assert.equal(outcome.kind, isMet ? 'written' : 'conflict')
          if (isMet && value === null) model.delete(key)
          else if (isMet && value !== null) model.set(key, value)
          const { entries } = await store.list({ prefix: '', limit: 10 })
          assert.deepEqual(
            entries.map(entry => [entry.key, text(entry)]),
            [...model].sort(([a], [b]) => byBytes(a, b)),
          )
        }
      }),
      { numRuns: 25 },
    )
  })
}

function conditionOf(presumes: string, revision: number): Condition {
  if (presumes === 'current') return atRevision(revision)
  if (presumes === 'stale') return atRevision(revision + 1_000_000)
  return presumes === 'absent' ? absent : presumes === 'present' ? present : always
}

async function assertOneWins(store: KvStore, condition: Condition): Promise<void> {
  const writes = Array.from({ length: racers }, (_, n) => store.set('a', bytes(`racer ${n}`), { condition }))
  const outcomes = await Promise.all(writes)
  const winner = outcomes.findIndex(({ kind }) => kind === 'written')
  const losers = outcomes.filter((_, n) => n !== winner)
  assert.notEqual(winner, -1)
  assert.deepEqual(
    losers.map(outcome => text(refused(outcome))),
    losers.map(() => `racer ${winner}`),
  )
  assert.equal(text((await store.get('a')).entry), `racer ${winner}`)
}

async function increment(store: KvStore, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const { entry } = await store.get('counter')
    const outcome = await store.set('counter', bytes(String(Number(text(entry)) + 1)), {
      condition: atRevision(entry?.revision ?? 0),
    })
    if (outcome.kind === 'written') done += 1
  }
}
