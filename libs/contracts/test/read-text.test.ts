import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseTooLong, readText } from '../src/read-text.ts'
import type { StreamedBody } from '../src/route.ts'

/** A body of these chunks that counts how many were read. */
function bodyOf(chunks: Iterable<Uint8Array>) {
  const seen = { asked: 0 }
  const unused = () => assert.fail('the body must be read as a stream')
  async function* content() {
    for (const chunk of chunks) {
      seen.asked += 1
      yield chunk
    }
  }
  const body: StreamedBody = {
    [Symbol.asyncIterator]: content,
    text: unused,
    bytes: unused,
    dump: unused,
  }
  return { body, seen }
}

test('a text is complete even if a character is split over two chunks', async () => {
  const bytes = new TextEncoder().encode('grün 🌲')
  for (let at = 0; at <= bytes.length; at++) {
    const { body } = bodyOf([bytes.subarray(0, at), bytes.subarray(at)])
    assert.equal(await readText(body), 'grün 🌲')
  }
})

test('a page of a megabyte is read', async () => {
  const { body } = bodyOf([new Uint8Array(2 ** 20)])
  assert.equal((await readText(body)).length, 2 ** 20)
})

test('reading stops when a response does not end', async () => {
  function* endless() {
    for (;;) yield new Uint8Array(100)
  }
  const { body, seen } = bodyOf(endless())
  await assert.rejects(readText(body, 1000), ResponseTooLong)
  assert.equal(seen.asked, 11)
})
