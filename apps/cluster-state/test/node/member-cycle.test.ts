import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { MemberCycle, shuffle } from '../../src/node/member-cycle.ts'
import { seededRandom } from '../simulation/seeded-random.ts'

const members = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `node-${index}`, url: '', dataCentre: '' }))

suite('the cycle of members', () => {
  test('the cycle of members returns each member once before it repeats one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer(),
        (count, each, seed) => {
          const cycle = new MemberCycle(seededRandom(seed))
          const takes = Array.from({ length: Math.ceil(count / each) }, () =>
            cycle.take(members(count), each),
          )
          for (const taken of takes) {
            assert.equal(taken.length, Math.min(each, count))
            assert.equal(new Set(taken).size, taken.length)
          }
          assert.equal(new Set(takes.flat().map(({ id }) => id)).size, count)
        },
      ),
    )
  })

  test('the cycle of members returns only current candidates', () => {
    const cycle = new MemberCycle(seededRandom(1))
    cycle.take(members(10), 3)
    for (let times = 0; times < 10; times++)
      for (const { id } of cycle.take(members(3), 2)) assert.ok(['node-0', 'node-1', 'node-2'].includes(id))
    assert.deepEqual(cycle.take([], 2), [])
  })

  test('the cycle of members begins with each member equally often', () => {
    const firsts = new Map<string, number>()
    const random = seededRandom(7)
    for (let times = 0; times < 4000; times++) {
      const [first] = new MemberCycle(random).take(members(4), 1)
      firsts.set(String(first?.id), (firsts.get(String(first?.id)) ?? 0) + 1)
    }
    // A binomial distribution with a standard deviation of 27: seven of these on either side.
    for (const times of firsts.values()) assert.ok(times > 800 && times < 1200, String(times))
  })
})

test('shuffling keeps the items of a list', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
      assert.deepEqual(shuffle(items, seededRandom(seed)).toSorted(), items.toSorted())
    }),
  )
})
