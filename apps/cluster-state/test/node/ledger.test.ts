import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Entry, keyOf, raiseCount } from '@darkroom/crdt'
import type { Draft } from '../../src/node/draft.ts'
import { Ledger } from '../../src/node/ledger.ts'
import { registerEntry } from '../register-entry.ts'

function increment(draft: Draft, amount: number): number {
  draft.put({
    kind: 'count',
    name: 'a',
    node: 'node-1',
    ...raiseCount(draft.count('a', 'node-1'), amount, 0),
  })
  return draft.sum('a')
}

/** A ledger whose saves end when the test ends them. */
function prepare() {
  const saves: { entries: readonly Entry[]; end: PromiseWithResolvers<void> }[] = []
  const changes: Entry[][] = []
  const ledger = new Ledger({
    store: {
      nodeId: 'node-1',
      load: async () => [],
      save: entries => {
        const end = Promise.withResolvers<void>()
        saves.push({ entries, end })
        return end.promise
      },
      checkReady: async () => undefined,
      close: async () => undefined,
    },
    entries: [],
    onChange: entries => changes.push([...entries]),
  })
  return { ledger, saves, changes }
}

const settled = () => new Promise(setImmediate)

suite('the ledger', () => {
  test('the ledger shows, sends and acknowledges a write only when it is saved', async () => {
    const { ledger, saves, changes } = prepare()
    let answer: number | undefined
    const written = ledger.write(draft => increment(draft, 5)).then(sum => (answer = sum))
    await settled()
    assert.deepEqual([ledger.state.sum('a'), changes.length, answer], [0, 0, undefined])
    saves[0]?.end.resolve()
    await written
    assert.deepEqual([ledger.state.sum('a'), changes.length, answer], [5, 1, 5])
  })

  test('the ledger saves the writes of a moment together, and answers each with its own result', async () => {
    const { ledger, saves } = prepare()
    const first = ledger.write(draft => increment(draft, 1))
    const others = [2, 3, 4].map(amount => ledger.write(draft => increment(draft, amount)))
    saves[0]?.end.resolve()
    assert.equal(await first, 1)
    await settled()
    assert.deepEqual(
      saves.map(({ entries }) => entries.map(keyOf)),
      [['count/a/node-1'], ['count/a/node-1']],
    )
    saves[1]?.end.resolve()
    assert.deepEqual(await Promise.all(others), [3, 6, 10])
    assert.equal(ledger.state.sum('a'), 10)
  })

  test('fault: when a save fails, nothing of its group is kept or sent, and later writes build on the earlier state', async () => {
    const { ledger, saves, changes } = prepare()
    const failed = [1, 2].map(amount => ledger.write(draft => increment(draft, amount)))
    saves[0]?.end.reject(new Error('disk full'))
    await assert.rejects(Promise.any([failed[0]]), AggregateError)
    await settled()
    saves[1]?.end.reject(new Error('disk full'))
    for (const write of failed) await assert.rejects(write, /disk full/)
    assert.deepEqual([ledger.state.size, changes.length], [0, 0])
    const later = ledger.write(draft => increment(draft, 7))
    await settled()
    saves[2]?.end.resolve()
    assert.equal(await later, 7)
  })

  test('the ledger rejects only the write that throws, not the others of its group', async () => {
    const { ledger, saves } = prepare()
    const blocking = ledger.write(draft => draft.put(registerEntry('first', 1)))
    const good = ledger.write(draft => draft.put(registerEntry('a', 1)))
    const bad = ledger.write(() => {
      throw new RangeError('no')
    })
    const alsoGood = ledger.write(draft => draft.put(registerEntry('b', 1)))
    saves[0]?.end.resolve()
    await blocking
    await assert.rejects(bad, RangeError)
    saves[1]?.end.resolve()
    assert.deepEqual(await Promise.all([good, alsoGood]), [true, true])
    assert.equal(ledger.state.size, 3)
  })

  test('the ledger saves nothing when nothing is new', async () => {
    const { ledger, saves, changes } = prepare()
    const first = ledger.write(draft => draft.put(registerEntry('a', 2)))
    saves[0]?.end.resolve()
    assert.equal(await first, true)
    assert.equal(await ledger.write(draft => draft.put(registerEntry('a', 1))), false)
    assert.deepEqual([saves.length, changes.length], [1, 1])
  })
})
