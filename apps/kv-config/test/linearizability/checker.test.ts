// Slow: it generates many examples.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { impossible, isLinearizable, type Model, type Operation } from './checker.ts'
import { type Input, type KeyOperation, type Output, registerModel, withoutUnseen } from './register.ts'

const read: Input = { kind: 'read' }
const write = (value: string): Input => ({ kind: 'write', value })
const create = (value: string): Input => ({ kind: 'create', value })
const replace = (expected: string, value: string): Input => ({ kind: 'replace', expected, value })
const remove: Input = { kind: 'delete' }
const absent: Output = { kind: 'absent' }
const deleted: Output = { kind: 'deleted' }
const found = (value: string, revision: number): Output => ({ kind: 'found', value, revision })
const written = (revision: number): Output => ({ kind: 'written', revision })
const conflict = (revision?: number): Output => ({ kind: 'conflict', ...(revision && { revision }) })

/** An operation between two times. Without an output, its outcome is unknown. */
function during(calledAt: number, at: number, input: Input, output?: Output): KeyOperation {
  return { input, calledAt, ...(output && { answer: { output, at } }) }
}

function check(operations: KeyOperation[]): boolean {
  const relevant = withoutUnseen(operations)
  return isLinearizable(relevant, registerModel(relevant))
}

const good: [string, KeyOperation[]][] = [
  ['an empty history', []],
  ['a read of the written value', [during(0, 1, write('a'), written(1)), during(2, 3, read, found('a', 1))]],
  [
    'a read during a write that returns the old value',
    [during(0, 9, write('a'), written(1)), during(1, 2, read, absent)],
  ],
  [
    'reads during a write that return the old value, and then the new value',
    [during(0, 9, write('a'), written(1)), during(1, 2, read, absent), during(3, 4, read, found('a', 1))],
  ],
  [
    'two concurrent writes, and a read of the value whose write began first',
    [
      during(0, 9, write('a'), written(2)),
      during(1, 8, write('b'), written(1)),
      during(10, 11, read, found('a', 2)),
    ],
  ],
  [
    'a write of unknown outcome that took effect later',
    [during(0, 1, write('a')), during(2, 3, read, absent), during(4, 5, read, found('a', 1))],
  ],
  ['a write of unknown outcome that no client saw', [during(0, 1, write('a')), during(2, 3, read, absent)]],
  [
    'a write of unknown outcome of which only the revision was seen',
    [during(0, 1, write('a')), during(2, 3, create('b'), conflict(7))],
  ],
  [
    'a delete of unknown outcome',
    [during(0, 1, write('a'), written(1)), during(2, 3, remove), during(4, 5, read, absent)],
  ],
  [
    'two replacements of one value: one succeeds, and the other gets a conflict',
    [
      during(0, 1, write('a'), written(1)),
      during(2, 9, replace('a', 'b'), conflict(2)),
      during(3, 8, replace('a', 'c'), written(2)),
    ],
  ],
  [
    'a key that is created, deleted and created again',
    [
      during(0, 1, create('a'), written(1)),
      during(2, 3, remove, deleted),
      during(4, 5, create('b'), written(3)),
      during(6, 7, create('c'), conflict(3)),
    ],
  ],
]

const bad: [string, KeyOperation[]][] = [
  ['a read of a value that was never written', [during(0, 1, read, found('a', 1))]],
  [
    'a read that misses an answered write',
    [during(0, 1, write('a'), written(1)), during(2, 3, read, absent)],
  ],
  [
    'a read of a value that is written only later',
    [during(0, 1, read, found('a', 1)), during(2, 3, write('a'), written(1))],
  ],
  [
    'a read of an older value after a newer value was read',
    [
      during(0, 1, write('a'), written(1)),
      during(2, 9, write('b'), written(2)),
      during(3, 4, read, found('b', 2)),
      during(5, 6, read, found('a', 1)),
    ],
  ],
  [
    'a write of unknown outcome that takes effect twice',
    [
      during(0, 1, write('a')),
      during(2, 3, read, found('a', 1)),
      during(4, 5, write('b'), written(2)),
      during(6, 7, read, found('a', 1)),
    ],
  ],
  [
    'two replacements of the same value that both succeed',
    [
      during(0, 1, write('a'), written(1)),
      during(2, 9, replace('a', 'b'), written(2)),
      during(3, 8, replace('a', 'c'), written(3)),
    ],
  ],
  [
    'two creations of a key that both succeed',
    [during(0, 9, create('a'), written(1)), during(1, 8, create('b'), written(2))],
  ],
  [
    'a conflict although the expected value was stored',
    [during(0, 1, write('a'), written(1)), during(2, 3, replace('a', 'b'), conflict(1))],
  ],
  [
    'a conflict that names the revision of a deleted value',
    [
      during(0, 1, write('a'), written(1)),
      during(2, 3, write('b'), written(2)),
      during(4, 5, create('c'), conflict(1)),
    ],
  ],
  [
    'a conflict of a write with itself',
    [during(0, 1, create('a'), conflict(1)), during(2, 3, read, found('a', 1))],
  ],
  [
    'a deleted value that comes back',
    [during(0, 1, write('a'), written(1)), during(2, 3, remove, deleted), during(4, 5, read, found('a', 1))],
  ],
  [
    'a revision that is lower than an earlier one',
    [during(0, 1, write('a'), written(2)), during(2, 3, write('b'), written(1))],
  ],
  ['a value with two revisions', [during(0, 1, write('a'), written(1)), during(2, 3, read, found('a', 2))]],
]

suite('the checker of histories', () => {
  for (const [what, history] of good) test(`accepts ${what}`, () => assert.equal(check(history), true))
  for (const [what, history] of bad) test(`refuses ${what}`, () => assert.equal(check(history), false))

  test('the checker of histories gives the same result as trying every order', () => {
    let accepted = 0
    const isSame = fc.property(anyOperations, operations => {
      const model = registerModel(operations)
      const expected = someOrderExplains(operations, model)
      if (expected && operations.length > 2) accepted += 1
      assert.equal(isLinearizable(operations, model), expected)
      assert.equal(check(operations), expected)
    })
    fc.assert(isSame, { numRuns: 3000 })
    assert.ok(accepted > 30, `only ${accepted} histories were linearizable`)
  })

  test('the checker of histories accepts every history of an atomic register', () => {
    fc.assert(
      fc.property(fc.array(schedule, { maxLength: 60 }), schedules => {
        assert.equal(check(runAtomically(schedules)), true)
      }),
      { numRuns: 300 },
    )
  })

  test('the checker of histories refuses the history of an atomic register if one read returns an older value', () => {
    let changed = 0
    fc.assert(
      fc.property(fc.array(schedule, { minLength: 10, maxLength: 60 }), fc.nat(), (schedules, pick) => {
        const history = runAtomically(schedules)
        const stale = withStaleRead(history, pick)
        if (!stale) return
        changed += 1
        assert.equal(check(stale), false)
      }),
      { numRuns: 300 },
    )
    assert.ok(changed > 50)
  })
})

const letter = fc.nat({ max: 5 }).map(n => 'abcdef'.charAt(n))
const revisionOf = (value: string) => 1 + 'abcdef'.indexOf(value)

/** Operations with arbitrary responses of the right kind, correct or not. Operation n writes letter n. */
const anyOperations: fc.Arbitrary<KeyOperation[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('read', 'write', 'create', 'replace', 'delete'),
      at: fc.nat({ max: 20 }),
      lasts: fc.nat({ max: 12 }),
      seen: letter,
      answer: fc.nat({ max: 4 }),
    }),
    { maxLength: 6 },
  )
  .map(operations =>
    operations.map(({ kind, at, lasts, seen, answer }, n) => {
      const input = inputOf(kind, 'abcdef'.charAt(n), seen)
      const outputs = outputsOf(input, seen)
      const output = answer === 0 && kind !== 'read' ? undefined : outputs[answer % outputs.length]
      return during(2 * at, 2 * (at + lasts) + 1, input, output)
    }),
  )

function outputsOf(input: Input, seen: string): Output[] {
  if (input.kind === 'read') return [absent, found(seen, revisionOf(seen))]
  if (input.kind === 'delete') return [deleted]
  const isWritten = written(revisionOf(input.value))
  return input.kind === 'write' ? [isWritten] : [isWritten, conflict(revisionOf(seen)), conflict()]
}

/** The definition itself: tries every order of all answered and some unanswered operations that respects the times. */
function someOrderExplains<State>(
  operations: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
  state = model.initial,
): boolean {
  if (operations.every(({ answer }) => answer === undefined)) return true
  const firstAnswer = Math.min(...operations.map(({ answer }) => answer?.at ?? Number.POSITIVE_INFINITY))
  return operations.some((operation, n) => {
    if (operation.calledAt > firstAnswer) return false
    const after = model.step(state, operation.input, operation.answer?.output)
    return after !== impossible && someOrderExplains(operations.toSpliced(n, 1), model, after)
  })
}

const schedule = fc.record({
  kind: fc.constantFrom('read', 'write', 'create', 'replace', 'delete'),
  calledAt: fc.nat({ max: 200 }),
  waits: fc.nat({ max: 20 }),
  lasts: fc.nat({ max: 20 }),
  isLost: fc.nat({ max: 9 }).map(n => n === 0),
})

type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never

/** Executes the operations one after the other. An operation whose response is lost still takes effect. */
function runAtomically(schedules: Schedule[]): KeyOperation[] {
  let current: { value: string; revision: number } | undefined
  const byEffect = schedules.toSorted((a, b) => a.calledAt + a.waits - (b.calledAt + b.waits))
  return byEffect.map(({ kind, calledAt, waits, lasts, isLost }, n) => {
    const expected = n % 3 === 0 ? 'never written' : (current?.value ?? 'never written')
    const input = inputOf(kind, `value ${n}`, expected)
    const output = answer(input, n + 1)
    return during(calledAt, calledAt + waits + lasts, input, isLost && kind !== 'read' ? undefined : output)
  })

  function answer(input: Input, revision: number): Output {
    if (input.kind === 'read') return current ? found(current.value, current.revision) : absent
    if (input.kind === 'delete') {
      current = undefined
      return deleted
    }
    const isMet =
      input.kind === 'write' || (input.kind === 'create' ? !current : current?.value === input.expected)
    if (!isMet) return conflict(current?.revision)
    current = { value: input.value, revision }
    return written(revision)
  }
}

function inputOf(kind: string, value: string, expected: string): Input {
  if (kind === 'read') return read
  if (kind === 'delete') return remove
  if (kind === 'write') return write(value)
  return kind === 'create' ? create(value) : replace(expected, value)
}

/** Adds a read at the end that returns an overwritten value; undefined if no value was overwritten. */
function withStaleRead(history: KeyOperation[], pick: number): KeyOperation[] | undefined {
  const answered = history.filter(
    ({ input, answer }) => 'value' in input && answer?.output.kind === 'written',
  )
  const stale = answered[pick % Math.max(1, answered.length)]
  const overwriting = answered.find(({ calledAt }) => calledAt > (stale?.answer?.at ?? Infinity))
  if (!stale?.answer || !overwriting || !('value' in stale.input) || !('revision' in stale.answer.output))
    return undefined
  const late = during(1000, 1001, read, found(stale.input.value, stale.answer.output.revision ?? 0))
  return [...history, late]
}
