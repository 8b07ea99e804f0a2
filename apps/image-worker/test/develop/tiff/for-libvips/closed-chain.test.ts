import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withClosedChain } from '../../../../src/develop/tiff/for-libvips/closed-chain.ts'
import { encodeDirectory, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { assertAlike } from '../../assert-alike.ts'
import { run } from '../../run.ts'

/** A TIFF of grey pages of one pixel, whose last directory is at the end of the file. */
function pagesOf(...levels: number[]): Buffer {
  const pixels = Buffer.from([...levels, ...new Array<number>(levels.length % 2).fill(0)])
  const [headBytes, directoryBytes] = [8, 2 + 12 * 9 + 4]
  const positionOf = (page: number) => headBytes + pixels.length + page * directoryBytes
  const directories = levels.map((_, page) => {
    const entries = [
      ...[longsEntry(256, 1), longsEntry(257, 1), shortsEntry(258, 8), shortsEntry(259, 1)],
      ...[shortsEntry(262, 1), longsEntry(273, headBytes + page), shortsEntry(277, 1)],
      ...[longsEntry(278, 1), longsEntry(279, 1)],
    ]
    const directory = Buffer.from(encodeDirectory(entries, () => 0))
    if (page + 1 < levels.length) directory.writeUInt32LE(positionOf(page + 1), directoryBytes - 4)
    return directory
  })
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1')
  head.writeUInt32LE(positionOf(0), 4)
  return Buffer.concat([head, pixels, ...directories])
}

test('a TIFF may end before the position of the next directory, and no page is lost', async () => {
  for (const whole of [pagesOf(200), pagesOf(10, 20, 30)])
    for (const missing of [1, 2, 4])
      await assertAlike(whole.subarray(0, -missing), whole, [
        'swap-channels:bgr',
        'flip',
        'format:webp',
        'format:png',
      ])
  assert.equal((await run(pagesOf(10, 20, 30).subarray(0, -4), 'flip')).facts.frames, 3)
})

test('a TIFF that ends within the entries of its directory fails', async () => {
  await assert.rejects(run(pagesOf(200).subarray(0, -5), 'flip'), { code: 'malformed-image' })
})

test('a TIFF with the position of the next directory is not copied', () => {
  for (const whole of [pagesOf(200), pagesOf(10, 20)]) assert.equal(withClosedChain(whole), whole)
})
