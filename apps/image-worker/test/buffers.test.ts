import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeNow } from '../src/free-now.ts'
import { ReusableBuffer } from '../src/reusable-buffer.ts'

const KiB = 1024

test('images of a usual size use one buffer after the other; small and very large images have their own', () => {
  const reusable = new ReusableBuffer()
  const first = reusable.take(700 * KiB)
  assert.equal(first.length, 700 * KiB)
  assert.equal(reusable.take(900 * KiB).buffer, first.buffer)
  const larger = reusable.take(2000 * KiB)
  assert.equal(larger.length, 2000 * KiB)
  assert.equal(reusable.take(100 * KiB).buffer, larger.buffer)
  for (const length of [0, 1, 60 * KiB, 9000 * KiB]) {
    const own = reusable.take(length)
    assert.equal(own.length, length)
    assert.notEqual(own.buffer, larger.buffer)
  }
  assert.equal(reusable.take(100 * KiB).buffer, larger.buffer)
})

test('bytes are freed unless they share their memory with others', () => {
  const whole = new Uint8Array(KiB)
  freeNow(whole)
  assert.equal(whole.length, 0)
  const part = new Uint8Array(KiB).subarray(1)
  freeNow(part)
  assert.equal(part.length, KiB - 1)
})
