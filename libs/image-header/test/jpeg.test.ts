import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'
import { noise } from './sample-images.ts'

test('a JPEG is refused if it ends before a scan, is of an unsupported kind, or has only segments', async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const frameAt = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]))
  await assertMalformed(
    jpeg.subarray(0, frameAt + 20),
    /the JPEG ends before its first scan|ends inside its header/,
  )
  await assertMalformed(jpeg.with(frameAt + 5, 0).with(frameAt + 6, 0), /the JPEG declares no height/)
  await assertMalformed(
    jpeg.with(frameAt + 4, 12),
    /the JPEG has 12 bits a sample; only 8 are supported: save it/,
  )
  await assertMalformed(jpeg.with(frameAt + 9, 2), /the JPEG has 2 components; only 1, 3 and 4 are supported/)
  await assertMalformed(jpeg.with(frameAt + 1, 0xf7), /the JPEG is coded as JPEG-LS, which is not supported/)
  const empty = Array.from({ length: 10_000 }, () => [0xff, 0xe5, 0, 2])
  await assertMalformed(
    made.joined(jpeg.subarray(0, 2), ...empty, jpeg.subarray(2)),
    /more than 10000 segments/,
  )
  await assertMalformed(
    new Uint8Array(1_000_000).fill(0xff).with(1, 0xd8),
    /the JPEG ends before its first scan/,
  )
})

test('a segment of a JPEG that decoders skip may have too small a length', async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const withSegment = (marker: number, length: number) =>
    made.joined(jpeg.subarray(0, 2), [0xff, marker, 0, length], jpeg.subarray(2))
  for (const marker of [0xe0, 0xe1, 0xef, 0xfe])
    for (const length of [0, 1])
      assert.deepEqual(await readBytes(withSegment(marker, length)), await readBytes(jpeg))
  for (const marker of [0xdb, 0xc4, 0xdd, 0xc0])
    await assertMalformed(withSegment(marker, 1), /a JPEG segment has a length below 2/)
})

test('the height of a JPEG may follow its first scan', async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const frameAt = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]))
  const open = jpeg
    .with(frameAt + 5, 0)
    .with(frameAt + 6, 0)
    .subarray(0, -2)
  const lines = (number: number) => made.joined(open, [0xff, 0xdc, 0, 4, 0, number, 0xff, 0xd9])
  const { width, height } = await readBytes(lines(20))
  assert.deepEqual([width, height], [30, 20])
  await assertMalformed(lines(0), /the JPEG declares no height, or a height of 0/)
  await assertMalformed(open, /the JPEG declares no height/)
})
