import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { mapConcurrently } from '../../src/time/map-concurrently.ts'

/** Calls that end when the test ends them. */
function heldCalls() {
  const begun: number[] = []
  const held = new Map<number, PromiseWithResolvers<string>>()
  const call = (item: number) => {
    begun.push(item)
    const outcome = Promise.withResolvers<string>()
    held.set(item, outcome)
    return outcome.promise
  }
  return { begun, call, end: (item: number) => held.get(item) ?? assert.fail(`${item} has not begun`) }
}

const turn = () => new Promise(setImmediate)

suite('concurrent calls', () => {
  test('concurrent calls begin when others have ended, and have their results in the order of the items', async () => {
    const { begun, call, end } = heldCalls()
    const results = mapConcurrently(2, [1, 2, 3], call)
    assert.deepEqual(begun, [1, 2])
    end(2).resolve('two')
    await turn()
    assert.deepEqual(begun, [1, 2, 3])
    end(3).resolve('three')
    end(1).resolve('one')
    assert.deepEqual(await results, ['one', 'two', 'three'])
  })

  test('concurrent calls do not begin after an error, which is thrown when the calls in progress have ended', async () => {
    const { begun, call, end } = heldCalls()
    let isOver = false
    const results = mapConcurrently(2, [1, 2, 3, 4], call).finally(() => (isOver = true))
    const refused = assert.rejects(results, /the first/)
    end(1).reject(new Error('the first'))
    await turn()
    assert.equal(isOver, false)
    end(2).reject(new Error('the second'))
    await refused
    assert.deepEqual(begun, [1, 2])
  })
})
