import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

// Run by follow-tests.test.ts: nothing catches the error of each test whose name begins with "wrong".
const causes = {
  throws: () => void setTimeout(() => assert.fail('late'), 1),
  rejects: () => void Promise.reject(new Error('late')),
}
const waits = {
  'at once': async () => undefined,
  'after a timer': () => delay(1),
  'after a file': () => readFile(import.meta.filename),
}
let underWay = Object.keys(causes).length * Object.keys(waits).length
const { promise: untilAllFailed, resolve: allFailed } = Promise.withResolvers<void>()

test('right: promises are not followed', () => {
  assert.deepEqual(Object.getOwnPropertySymbols(Promise.resolve()), [])
})

suite('several tests at once', { concurrency: true }, () => {
  test('right: waits meanwhile', () => untilAllFailed)
  for (const [cause, fail] of Object.entries(causes))
    for (const [when, wait] of Object.entries(waits))
      test(`wrong: ${cause} ${when}`, async t => {
        t.after(() => {
          underWay--
          if (underWay === 0) allFailed()
        })
        await wait()
        fail()
        await untilAllFailed
      })
})
