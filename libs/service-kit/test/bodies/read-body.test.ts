import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readBody } from '../../src/bodies/read-body.ts'
import { ServiceProblem } from '../../src/problems/problems.ts'

suite('reading a body', () => {
  test('reading a body returns all bytes of a body that has at most the allowed length', async () => {
    const chunks = async function* () {
      yield Buffer.from('abc')
      yield Buffer.from('de')
    }
    assert.equal(String(await readBody(chunks(), 5)), 'abcde')
    assert.equal(String(await readBody(Buffer.from('abcde'), 5)), 'abcde')
    for (const none of [null, undefined]) assert.equal((await readBody(none, 0)).length, 0)
  })

  test('reading a body fails with 413 at the first chunk that exceeds the limit', async () => {
    let yielded = 0
    const endless = async function* () {
      for (;;) {
        yielded++
        yield Buffer.alloc(10)
      }
    }
    for (const body of [endless(), Buffer.alloc(36)]) {
      await assert.rejects(readBody(body, 35), (error: unknown) => {
        assert.ok(error instanceof ServiceProblem)
        assert.deepEqual([error.status, error.code], [413, 'too-large'])
        assert.match(error.message, /35 bytes/)
        return true
      })
    }
    assert.equal(yielded, 4)
  })
})
