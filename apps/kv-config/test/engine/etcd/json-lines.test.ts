import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonLines } from '../../../src/engine/etcd/json-lines.ts'

async function* chunksOf(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

test('documents are parsed whole, however their bytes are divided', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 8 }), sizes, async (documents, sizes) => {
      const bytes = Buffer.from(documents.map(document => `${JSON.stringify(document)}\n`).join('\n'))
      const read = await Array.fromAsync(jsonLines(chunksOf(bytes, sizes)))
      assert.deepEqual(
        read,
        documents.map(document => JSON.parse(JSON.stringify(document))),
      )
    }),
  )
})

test('an incomplete last line is ignored', async () => {
  const bytes = Buffer.from('{"a":1}\n{"b":')
  assert.deepEqual(await Array.fromAsync(jsonLines(chunksOf(bytes, [5]))), [{ a: 1 }])
})
