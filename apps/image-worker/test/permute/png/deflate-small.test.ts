import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateSync, inflateSync } from 'node:zlib'
import { deflateSmall } from '../../../src/permute/png/deflate-small.ts'
import { ScanlineWalk, SubFilter } from '../../../src/permute/png/scanlines.ts'
import { noiseBytes } from '../pictures.ts'

const rowBytes = 300
const rows = 100
const passes = [{ rows, rowBytes }]

/** Rows with this filter type. */
function scanlinesOf(filter: number, row: (at: number) => Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: rows }, (_, at) => [Buffer.of(filter), row(at)]).flat())
}

function deflated(scanlines: Buffer, input: Uint8Array): Uint8Array {
  return deflateSmall(scanlines, new ScanlineWalk(passes, 3), new SubFilter(3), input)
}

for (const level of [0, 6]) {
  test(`an unfiltered gradient of level ${level} gets the filter Sub, and is far smaller`, () => {
    const gradient = Uint8Array.from({ length: rowBytes }, (_, at) => Math.floor(at / 3))
    const scanlines = scanlinesOf(0, () => gradient)
    const stream = deflated(scanlines, deflateSync(scanlines, { level }))
    assert.equal(inflateSync(stream)[0], 1)
    assert.ok(stream.length < 0.1 * scanlines.length, `${stream.length} bytes`)
  })
}

test('filtered noise is stored as it is', () => {
  const noise = noiseBytes(rows * rowBytes, 1)
  const scanlines = scanlinesOf(4, at => noise.subarray(at * rowBytes, (at + 1) * rowBytes))
  const stream = deflated(scanlines, deflateSync(scanlines))
  assert.ok(inflateSync(stream).equals(scanlines))
  assert.ok(stream.length < 1.01 * scanlines.length, `${stream.length} bytes`)
})

test('rows that repeat, which the encoder of the input has found, are found, and keep their filter', () => {
  const noise = noiseBytes(rowBytes, 1)
  const scanlines = scanlinesOf(0, () => noise)
  const input = deflateSync(scanlines)
  const stream = deflated(scanlines, input)
  assert.ok(inflateSync(stream).equals(scanlines))
  assert.ok(stream.length <= 1.03 * input.length, `${stream.length} of ${input.length} bytes`)
})

const { Z_HUFFMAN_ONLY, Z_RLE } = constants
const fastEncoders = {
  'stores bytes as they are': { level: 0 },
  'finds only runs': { strategy: Z_RLE },
  'finds nothing': { strategy: Z_HUFFMAN_ONLY },
}
for (const [does, options] of Object.entries(fastEncoders)) {
  test(`rows that repeat are found if the encoder of the input ${does}`, () => {
    const noise = noiseBytes(rowBytes, 1)
    const scanlines = scanlinesOf(4, () => noise)
    const stream = deflated(scanlines, deflateSync(scanlines, options))
    assert.ok(inflateSync(stream).equals(scanlines))
    assert.ok(stream.length <= 1.03 * deflateSync(scanlines).length, `${stream.length} bytes`)
  })
}
