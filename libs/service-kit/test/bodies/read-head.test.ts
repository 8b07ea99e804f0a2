import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { atMost } from '../../src/bodies/read-body.ts'
import { readHead } from '../../src/bodies/read-head.ts'

const headBytes = 64 * 1024

/** Bytes without repetition, cut at the given places. */
function cut(length: number, places: readonly number[]) {
  const whole = Buffer.from(Array.from({ length }, (_, at) => (at * 7919) % 251))
  const bounds = [0, ...places.map(place => Math.min(place, length)).sort((a, b) => a - b), length]
  const chunks = bounds.slice(1).map((end, index) => whole.subarray(bounds[index], end))
  return { whole, chunks }
}

const places = fc.array(fc.nat(2.5 * headBytes), { maxLength: 12 })
const length = fc.oneof(
  fc.nat(2.5 * headBytes),
  fc.constantFrom(0, 1, headBytes - 1, headBytes, headBytes + 1),
)

test('the head and the whole body are the same, however an upload is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(length, places, async (bytes, at) => {
      const { whole, chunks } = cut(bytes, at)
      const upload = await readHead(streamed(chunks), headBytes)
      assert.ok(whole.subarray(0, headBytes).equals(upload.head))
      assert.equal(upload.whole instanceof Uint8Array, bytes < headBytes)
      const rest = upload.whole instanceof Uint8Array ? [upload.whole] : await Array.fromAsync(upload.whole)
      assert.ok(whole.equals(Buffer.concat(rest)))
    }),
    { numRuns: 60 },
  )
})

test('bytes are the whole body, and begin with the head', async () => {
  const bytes = Buffer.from('abcdef')
  assert.deepEqual(await readHead(bytes, 3), { head: Buffer.from('abc'), whole: bytes })
})

test('reading the head reads no more of the upload than necessary', async () => {
  let taken = 0
  async function* counted() {
    for (;;) {
      taken += 1
      yield Buffer.alloc(headBytes / 4)
    }
  }
  await readHead(counted(), headBytes)
  assert.equal(taken, 4)
})

test('an upload that breaks off fails for the reader of its head and for the reader of its rest', async () => {
  async function* broken(bytes: number) {
    yield Buffer.alloc(bytes)
    throw new Error('broken')
  }
  await assert.rejects(readHead(broken(100), headBytes), /broken/)
  const { whole } = await readHead(broken(headBytes), headBytes)
  await assert.rejects(Array.fromAsync(whole as AsyncIterable<Uint8Array>), /broken/)
})

test('a body passes up to its limit, and fails as soon as there are more bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.nat(1000), places, async (bytes, maxBytes, at) => {
      const { whole, chunks } = cut(bytes, at)
      const passing = Array.fromAsync(atMost(maxBytes, streamed(chunks)))
      if (bytes > maxBytes)
        await assert.rejects(passing, { status: 413, message: `the body is larger than ${maxBytes} bytes` })
      else assert.ok(whole.equals(Buffer.concat(await passing)))
    }),
  )
})

async function* streamed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
