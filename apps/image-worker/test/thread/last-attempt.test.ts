import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shared, work } from './shared-workshop.ts'

test('a last attempt after failed attempts runs alone, or is returned without being counted', async t => {
  const granted = [false, true]
  const { untilEnded } = work(t, shared, {
    develop: async () => {
      throw new Error('out of luck')
    },
    runAlone: async () => granted.shift() === true,
  })
  const id = await shared.addTask('abc', 2)
  const { attempts, claims } = await shared.untilState(id, 'failed')
  assert.deepEqual([attempts, claims, granted], [2, 3, []])
  const kinds = (await untilEnded(3)).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['failed', 'returned', 'failed'])
})
