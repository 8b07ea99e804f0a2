import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { deflateScanlines } from '../../../src/permute/png/deflate-scanlines.ts'
import { checkFilters, ScanlineWalk, SubFilter } from '../../../src/permute/png/scanlines.ts'
import { cut, noiseBytes } from '../pictures.ts'

const rowBytes = 3000
const bandRows = 1000

/** Filtered rows: noise, then one row of noise many times, then noise. */
const noise = noiseBytes(2 * bandRows * rowBytes, 1)
const scanlines = Buffer.concat(
  Array.from({ length: 3 * bandRows }, (_, row) => {
    const band = Math.floor(row / bandRows)
    const at = band === 1 ? 0 : (row % bandRows) * rowBytes + (band / 2) * bandRows * rowBytes
    return Buffer.concat([Buffer.of(1 + (row % 4)), noise.subarray(at, at + rowBytes)])
  }),
)

test('one stream uses all ways of compressing, and does not depend on how its blocks are cut', async () => {
  const stream = await deflated([scanlines.length])
  assert.ok(inflateSync(stream).equals(scanlines))
  const cuts = fc.array(fc.integer({ min: 1, max: 700_000 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(cuts, async lengths => {
      assert.ok((await deflated([...lengths, 100_000])).equals(stream))
    }),
    { numRuns: 15 },
  )
})

test('repetitions further apart than a run are found', async () => {
  const stream = await deflated([512 * 1024])
  assert.ok(stream.length < 0.75 * scanlines.length, `${stream.length} of ${scanlines.length} bytes`)
})

test('no scanlines make an empty stream', async () => {
  const walk = new ScanlineWalk([], 3)
  const pieces = await Array.fromAsync(deflateScanlines(blocksOf([]), walk, checkFilters, new SubFilter(3)))
  assert.equal(inflateSync(Buffer.concat(pieces)).length, 0)
})

async function deflated(lengths: readonly number[]): Promise<Buffer> {
  const walk = new ScanlineWalk([{ rows: 3 * bandRows, rowBytes }], 3)
  const blocks = blocksOf(cut(scanlines, lengths))
  return Buffer.concat(await Array.fromAsync(deflateScanlines(blocks, walk, checkFilters, new SubFilter(3))))
}

/** A copy, because each block belongs to its receiver. */
async function* blocksOf(blocks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const block of blocks) yield block.slice()
}
