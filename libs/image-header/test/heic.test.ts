import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { readBytes } from './read-bytes.ts'

test('the coding of the primary image decides between AVIF and HEIC', async () => {
  const heic = await readBytes(made.avif([made.hevcItem(30, 20)]))
  assert.deepEqual([heic.format, heic.contentType, heic.bitsPerSample], ['heic', 'image/heic', 8])
  const avif = await readBytes(made.avif([made.av1Item(30, 20), made.hevcItem(9, 9)]))
  assert.deepEqual([avif.format, avif.contentType], ['avif', 'image/avif'])
})

test("a HEIC has the size of its turned primary image, and other images don't count", async () => {
  const items = [made.hevcItem(30, 20, made.box('irot', [3])), made.hevcItem(60_000, 60_000)]
  const header = await readBytes(made.avif(items))
  assert.deepEqual([header.width, header.height, header.frames, header.pixels], [20, 30, 1, 600])
  const deep = { type: 'hvc1', properties: [made.ispe(30, 20), made.hvcC(10)] }
  assert.equal((await readBytes(made.avif([deep]))).unpackedBytes, 30 * 20 * 3 * 2)
})

test('a HEIC grid takes at least the memory of its tiles', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  const tile = { ...made.hevcItem(512, 512), hidden: true }
  const header = await readBytes(made.avif([grid, tile, tile], [made.reference('dimg', 1, 2, 3)]))
  assert.deepEqual([header.format, header.pixels, header.unpackedBytes], ['heic', 5000, 2 * 512 * 512 * 3])
})
