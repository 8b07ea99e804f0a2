import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, inflateSync } from 'node:zlib'
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

function deflated(scanlines: Buffer, compressedBytes: number): Uint8Array {
  return deflateSmall(scanlines, new ScanlineWalk(passes, 3), new SubFilter(3), compressedBytes)
}

test('an unfiltered gradient gets the filter Sub, and is far smaller', () => {
  const gradient = Uint8Array.from({ length: rowBytes }, (_, at) => Math.floor(at / 3))
  const scanlines = scanlinesOf(0, () => gradient)
  const stream = deflated(scanlines, scanlines.length)
  assert.equal(inflateSync(stream)[0], 1)
  assert.ok(stream.length < 0.1 * scanlines.length, `${stream.length} bytes`)
})

test('filtered noise is stored as it is', () => {
  const noise = noiseBytes(rows * rowBytes, 1)
  const scanlines = scanlinesOf(4, at => noise.subarray(at * rowBytes, (at + 1) * rowBytes))
  const stream = deflated(scanlines, deflateSync(scanlines).length)
  assert.ok(inflateSync(stream).equals(scanlines))
  assert.ok(stream.length < 1.01 * scanlines.length, `${stream.length} bytes`)
})

test('rows that repeat, which the encoder of the input has found, are found, and keep their filter', () => {
  const noise = noiseBytes(rowBytes, 1)
  const scanlines = scanlinesOf(0, () => noise)
  const input = deflateSync(scanlines)
  const stream = deflated(scanlines, input.length)
  assert.ok(inflateSync(stream).equals(scanlines))
  assert.ok(stream.length <= 1.03 * input.length, `${stream.length} of ${input.length} bytes`)
})
