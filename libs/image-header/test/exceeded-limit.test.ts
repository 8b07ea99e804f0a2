import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exceededLimit } from '../src/index.ts'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 2 ** 20 }

test('a PNG that declares 60000 x 60000 exceeds the limit, and a sentence explains it', async () => {
  const header = await readBytes(made.png(60_000, 60_000))
  assert.equal(exceededLimit(header, limits), 'the image has 3600000000 pixels; the limit is 50000000')
})

test('an image with too many bytes exceeds the limit, an image within both limits does not', async () => {
  const header = await readBytes(made.png(6000, 6000))
  const sentence = 'the image has 108000000 bytes when unpacked; the limit is 1000'
  assert.equal(exceededLimit(header, { ...limits, maxUnpackedBytes: 1000 }), sentence)
  assert.equal(exceededLimit(header, limits), undefined)
})

test('an AVIF of absurd size exceeds the limit', async () => {
  const header = await readBytes(made.avif([made.av1Item(2 ** 32 - 1, 2 ** 32 - 1)]))
  assert.match(exceededLimit(header, limits) ?? '', /^the image has \d+ pixels; the limit is 50000000/)
  await assertMalformed(made.avif([made.av1Item(0, 16)]), /has an invalid size of 0 x 16 pixels/)
})
