import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerTooLong, readText } from '../src/read-text.ts'
import type { StreamedBody } from '../src/route.ts'

/** A body of these chunks, which counts how many were asked for. */
function bodyOf(chunks: Iterable<Uint8Array>) {
  const seen = { asked: 0 }
  const unused = () => assert.fail('it is read as a stream')
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

test('a text comes out whole, also where a character lies across two chunks', async () => {
  const bytes = new TextEncoder().encode('grün 🌲')
  for (let at = 0; at <= bytes.length; at++) {
    const { body } = bodyOf([bytes.subarray(0, at), bytes.subarray(at)])
    assert.equal(await readText(body), 'grün 🌲')
  }
})

test('an answer without end is given up', async () => {
  function* endless() {
    for (;;) yield new Uint8Array(100)
  }
  const { body, seen } = bodyOf(endless())
  await assert.rejects(readText(body, 1000), AnswerTooLong)
  assert.equal(seen.asked, 11)
})
