import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compareRegisters, type Register, State, writeRegister } from '../src/index.ts'
import { mergeEntries } from './merge-entries.ts'
import { mergeLaws } from './merge-laws.ts'
import { registers, rivalRegisters } from './sample-entries.ts'

mergeLaws('registers', {
  values: rivalRegisters,
  merge: mergeEntries,
  isAsNew: (one, other) => compareRegisters(one, other) >= 0,
})

suite('a register', () => {
  test('a register becomes newer with every write, including deletions', () => {
    fc.assert(
      fc.property(
        registers,
        fc.constantFrom('node-1', 'node-2'),
        fc.option(fc.integer(), { nil: undefined }),
        (known, writer, value) => {
          const written = writeRegister(known, writer, value)
          assert.ok(compareRegisters(written, known) > 0)
          assert.equal(written.value, value)
        },
      ),
    )
  })

  test('a register is the same everywhere after two nodes wrote at the same moment', () => {
    const before = writeRegister(undefined, 'node-1', 0)
    const one = writeRegister(before, 'node-1', 1)
    const two = writeRegister(before, 'node-2', 2)
    assert.equal(merged(one, two)?.value, 2)
    assert.equal(merged(two, one)?.value, 2)
  })

  test('a register that was deleted stays deleted when an older value arrives late', () => {
    const set = writeRegister(undefined, 'node-2', 'open')
    const deleted = writeRegister(set, 'node-1', undefined)
    assert.deepEqual(merged(deleted, set), { kind: 'register', name: 'a', ...deleted })
  })

  test('a register holds null, which is not the same as deleted', () => {
    const set = writeRegister(undefined, 'node-1', null)
    assert.equal(set.value, null)
    assert.notEqual(compareRegisters(set, { generation: 1, writer: 'node-1' }), 0)
  })

  test('a register refuses a write when its generations are used up', () => {
    const last = { generation: Number.MAX_SAFE_INTEGER, writer: 'node-1', value: 1 }
    assert.throws(() => writeRegister(last, 'node-2', 2), RangeError)
  })

  test('a register stays the same through JSON', () => {
    fc.assert(
      fc.property(registers, register => {
        assert.equal(compareRegisters(JSON.parse(JSON.stringify(register)), register), 0)
      }),
    )
  })
})

/** The register in a state that merged these registers, one after the other. */
function merged(...given: readonly Register[]): Register | undefined {
  return new State(given.map(register => ({ kind: 'register', name: 'a', ...register }))).register('a')
}
