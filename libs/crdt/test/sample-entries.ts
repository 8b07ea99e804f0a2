import fc from 'fast-check'
import type { Ring } from '../src/index.ts'
import {
  type CountEntry,
  type Entry,
  type Json,
  type Register,
  type RegisterEntry,
  rings,
} from '../src/index.ts'

/** Few values, so that generated entries collide. */
const name = fc.constantFrom('a', 'b.c', '__proto__')
const node = fc.constantFrom('node-1', 'node-2', 'node-3')
const fewNumbers = fc.integer({ min: 1, max: 4 })

const value = fc.oneof(
  fc.constantFrom<Json>(0, 1, 'open', 'paused', null, { deep: [true, ''] }),
  fc.jsonValue({ maxDepth: 2 }).map(json => json as Json),
)

/** Includes generations that one writer used twice, as after a disk was restored. */
export const registers: fc.Arbitrary<Register> = fc.oneof(
  fc.record({ generation: fewNumbers, writer: node, value }, { noNullPrototype: true }),
  fc.record({ generation: fewNumbers, writer: node }, { noNullPrototype: true }),
)

const ring = (size: number): fc.Arbitrary<Ring> =>
  fc.record(
    {
      start: fc.integer({ min: 0, max: 3 }),
      counts: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: Math.min(size, 4) }),
    },
    { noNullPrototype: true },
  )

const registerEntries: fc.Arbitrary<RegisterEntry> = fc
  .tuple(name, registers)
  .map(([of, register]) => ({ kind: 'register', name: of, ...register }))

/** All registers have the same name, so any two of them merge. */
export const rivalRegisters = registerEntries.map(entry => ({ ...entry, name: 'a' }))

/** Includes equal totals with different windows. */
const countEntries: fc.Arbitrary<CountEntry> = fc.record(
  {
    kind: fc.constant('count'),
    name,
    node,
    total: fewNumbers,
    seconds: ring(rings.seconds.size),
    minutes: ring(rings.minutes.size),
    hours: ring(rings.hours.size),
  },
  { noNullPrototype: true },
)

/** All counts have the same name and node, so any two of them merge. */
export const rivalCounts = countEntries.map(entry => ({ ...entry, name: 'a', node: 'node-1' }))

export const entries: fc.Arbitrary<Entry> = fc.oneof(registerEntries, countEntries)
