import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedImage, readImageHeader } from '../src/index.ts'
import { countingSource, sparseSource } from './counting-source.ts'
import * as made from './hand-made.ts'
import { noise } from './sample-images.ts'

test('TIFF pages scattered over a large file are refused once they cost too many reads', async () => {
  const blocks = 16
  const file = new Uint8Array(blocks * 65_536)
  file.set(made.joined('II*\0', made.uint32le(8)))
  // Each page is in another block than the last four, so that every page must be read again.
  const at = (index: number) => 8 + (index % blocks) * 65_536 + Math.floor(index / blocks) * 100
  for (let index = 0; index < 9000; index++) file.set(made.ifd(made.tiffPage, at(index + 1)), at(index))
  const source = countingSource(file)
  await assert.rejects(readImageHeader(source), /scattered over too many places/)
  assert.equal(source.reads.length, 2 * blocks + 4096)
})

test("megabytes of segments before a JPEG's frame header are not read", async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const segment = made.joined([0xff, 0xe5, 0xff, 0xff], new Uint8Array(65_533))
  const comment = Array.from({ length: 50 }, () => segment)
  const source = countingSource(made.joined(jpeg.subarray(0, 2), ...comment, jpeg.subarray(2)))
  const header = await readImageHeader(source)
  assert.deepEqual([header.width, header.height], [30, 20])
  assert.ok(source.reads.length <= 52, `${source.reads.length} reads`)
  assert.ok(source.reads.every(({ length }) => length <= 65_536))
})

test('reading the header of a file of gigabytes takes few reads', async () => {
  for (const head of [
    made.png(100, 100),
    made.avif([made.av1Item(30, 20)]),
    made.joined('II*\0', made.uint32le(8), made.ifd(made.tiffPage, 0)),
  ]) {
    const source = sparseSource(head, 2 ** 40)
    await readImageHeader(source).catch(error => assert.ok(error instanceof MalformedImage))
    assert.ok(source.reads.length <= 2, `${source.reads.length} reads`)
  }
})
