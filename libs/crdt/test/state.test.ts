import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { countKey, type Entry, keyOf, raiseCount, registerKey, State, writeRegister } from '../src/index.ts'
import { exchange } from './exchange.ts'
import { mergeLaws } from './merge-laws.ts'
import { entries } from './sample-entries.ts'

const manyEntries = fc.array(entries, { maxLength: 30 })

mergeLaws('states', {
  values: manyEntries.map(contentsOf),
  merge: (one, other) => contentsOf([...one, ...other]),
  isAsNew: (one, other) => other.every(entry => !new State(one).merge(entry)),
})

/** The content of a state that merged these entries, in the order of keys. */
function contentsOf(given: readonly Entry[]): Entry[] {
  return sorted(new State(given))
}

function sorted(state: State): Entry[] {
  return [...state.entries()].toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

suite('states', () => {
  test('states that merged the same entries are equal, in any order, and however often', () => {
    const orders = manyEntries.chain(given =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray([...given, ...given], { minLength: 2 * given.length }),
      ),
    )
    fc.assert(
      fc.property(orders, ([given, shuffled]) => {
        const [one, other] = [new State(given), new State(shuffled)]
        assert.deepEqual(sorted(one), sorted(other))
        assert.deepEqual(one.digest(), other.digest())
      }),
    )
  })

  test('states stay the same when their entries go through JSON', () => {
    fc.assert(
      fc.property(manyEntries, given => {
        const sent: Entry[] = JSON.parse(JSON.stringify(given))
        assert.deepEqual(new State(sent).digest(), new State(given).digest())
      }),
    )
  })

  test('states accept only newer entries', () => {
    fc.assert(
      fc.property(manyEntries, entries, (given, entry) => {
        const state = new State(given)
        const before = sorted(state)
        const digest = state.digest()
        const isTaken = state.merge(entry)
        assert.equal(isTaken, JSON.stringify(sorted(state)) !== JSON.stringify(before))
        assert.equal(isTaken, JSON.stringify(state.digest()) !== JSON.stringify(digest))
        assert.equal(state.merge(entry), false)
      }),
    )
  })

  test('states distinguish names with a meaning in JavaScript', () => {
    const state = new State()
    assert.equal(state.register('__proto__'), undefined)
    assert.equal(state.sum('constructor'), 0)
    state.merge({ kind: 'register', name: '__proto__', ...writeRegister(undefined, 'node-1', 1) })
    assert.equal(state.register('__proto__')?.value, 1)
    assert.deepEqual([...state.registerNames()], ['__proto__'])
    assert.equal(state.get(registerKey('toString')), undefined)
  })
})

interface Step {
  node: number
  action: 'increment' | 'set' | 'delete'
  name: string
  amount: number
  /** The nodes that receive the change; the others miss it. */
  receivers: number[]
}

const nodes = 4
const steps = fc.array(
  fc.record<Step>({
    node: fc.nat(nodes - 1),
    action: fc.constantFrom('increment', 'increment', 'set', 'delete'),
    name: fc.constantFrom('a', 'b'),
    amount: fc.integer({ min: 1, max: 1000 }),
    receivers: fc.subarray([0, 1, 2, 3]),
  }),
  { maxLength: 60 },
)

suite('nodes that get only some changes', () => {
  test('nodes are equal after they exchanged their differences, and each increment counts once', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (history, isTwice) => {
        const states = Array.from({ length: nodes }, () => new State())
        for (const step of history) play(states, step, isTwice)

        // The first node exchanges with all others in turn, and again in reverse order: then every state has everything.
        const [first, ...others] = states as [State, ...State[]]
        for (const other of [...others, ...others]) exchange(first, other)

        for (const other of others) assert.deepEqual(sorted(other), sorted(first))
        for (const name of ['a', 'b']) {
          const counted = history.filter(step => step.action === 'increment' && step.name === name)
          const expected = counted.reduce((sum, { amount }) => sum + amount, 0)
          assert.equal(first.sum(name), expected)
        }
      }),
      { numRuns: 300 },
    )
  })
})

function play(
  states: readonly State[],
  { node, action, name, amount, receivers }: Step,
  isTwice: boolean,
): void {
  const own = states[node]
  assert.ok(own)
  const id = `node-${node}`
  const entry =
    action === 'increment' ? increment(own, name, id, amount) : write(own, name, id, action, amount)
  assert.ok(own.merge(entry))
  for (const other of receivers) {
    states[other]?.merge(entry)
    if (isTwice) states[other]?.merge(entry)
  }
}

function increment(state: State, name: string, node: string, amount: number): Entry {
  const known = state.get(countKey(name, node))
  const count = raiseCount(known?.kind === 'count' ? known : undefined, amount, 1_767_225_600_000)
  return { kind: 'count', name, node, ...count }
}

function write(state: State, name: string, node: string, action: 'set' | 'delete', value: number): Entry {
  const register = writeRegister(state.register(name), node, action === 'set' ? value : undefined)
  return { kind: 'register', name, ...register }
}
