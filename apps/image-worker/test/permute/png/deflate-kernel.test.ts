import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { deflateKernel } from '../../../src/permute/png/deflate-kernel.ts'
import { cut, noiseBytes } from '../pictures.ts'

const kernel = deflateKernel()
const most = 128 * 1024

/** The zlib stream that the kernel makes from these bytes in blocks of the given lengths. */
function deflated(bytes: Uint8Array, lengths: readonly number[] = [most]): Buffer {
  let sum = 1
  const blocks = [...cut(bytes, lengths)].map(block => {
    const { length } = kernel.fill(block)
    sum = kernel.adler32(length, sum)
    return kernel.deflate(length)
  })
  const trailer = Buffer.from([3, 0, 0, 0, 0, 0])
  trailer.writeUInt32BE(sum, 2)
  return Buffer.concat([Buffer.of(0x78, 0x5e), ...blocks, trailer])
}

/** zlib checks the codes and the Adler-32 strictly. */
function assertInflates(bytes: Uint8Array, lengths?: readonly number[]): void {
  assert.ok(inflateSync(deflated(bytes, lengths)).equals(bytes))
}

/** Runs of any length, of a few different bytes or of all. */
const runs = fc
  .array(
    fc.tuple(fc.oneof(fc.nat(3), fc.nat(255)), fc.oneof(fc.integer({ min: 1, max: 12 }), fc.nat(1200))),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map(list => Buffer.concat(list.map(([byte, length]) => Buffer.alloc(length, byte))))

const lengths = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 })

test('any bytes, in blocks cut anywhere, inflate to the same bytes', () => {
  const anything = fc.oneof(fc.uint8Array({ maxLength: 3000 }), runs)
  fc.assert(
    fc.property(anything, lengths, (bytes, cuts) => assertInflates(bytes, cuts)),
    { numRuns: 500 },
  )
})

test('no bytes make a stream without blocks', () => {
  assertInflates(new Uint8Array(0))
})

test('one byte, once or repeated up to the limit, inflates to the same bytes', () => {
  for (const byte of [0, 77, 255]) {
    for (const length of [1, 2, 3, 4, 258, 259, 260, 261, 262, 519, most]) {
      assertInflates(Buffer.alloc(length, byte))
    }
  }
})

test('bytes that an earlier, longer input has left in memory are not used', () => {
  deflated(Buffer.alloc(most, 9))
  for (let length = 1; length < 70; length += 1) assertInflates(Buffer.alloc(length, 9))
})

test('random bytes become hardly larger', () => {
  const bytes = Uint8Array.from({ length: most }, (_, at) => Math.imul(at ^ (at >> 7), 0x9e3779b1) >>> 24)
  assertInflates(bytes)
  assert.ok(deflated(bytes).length < most * 1.01)
})

test('frequencies whose optimal codes are too long get the longest allowed codes', () => {
  // With Fibonacci frequencies, each code is one bit longer than the next; 24 of them fill a block.
  const counts = [1, 1]
  while (counts.length < 24) counts.push((counts.at(-1) ?? 0) + (counts.at(-2) ?? 0))
  const sorted = counts.flatMap((count, byte) => Array<number>(count).fill(byte * 10))
  const step = 70_001 // prime, so that every byte is used once, and runs are rare
  const bytes = Uint8Array.from(sorted, (_, at) => sorted[(at * step) % sorted.length] ?? 0)
  assertInflates(bytes)
  const huffman = deflateRawSync(bytes, { strategy: constants.Z_HUFFMAN_ONLY, memLevel: 9 })
  assert.ok(deflated(bytes).length < huffman.length * 1.01)
})

test('the stream is not larger than the streams that zlib makes of literals, or of literals and runs', () => {
  const photograph = noiseBytes(most, 1).map(byte => 128 + Math.round(Math.sqrt(byte) - 8))
  const smooth = noiseBytes(most, 2).map(byte => (byte < 40 ? byte & 3 : 0))
  for (const bytes of [photograph, smooth]) {
    assertInflates(bytes)
    for (const strategy of [constants.Z_HUFFMAN_ONLY, constants.Z_RLE]) {
      const theirs = deflateRawSync(bytes, { strategy, memLevel: 9 })
      assert.ok(deflated(bytes).length < theirs.length * 1.02, `${deflated(bytes).length} ${theirs.length}`)
    }
  }
})

test('from the second pixel on, the byte one pixel to the left is subtracted', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(3, 4, 6, 8),
      fc.nat(9),
      (bytes, step, at) => {
        const part = kernel
          .fill(new Uint8Array(at), bytes, Uint8Array.of(1, 2, 3))
          .subarray(at, at + bytes.length)
        const wanted = bytes.map((byte, index) => byte - (index < step ? 0 : (bytes[index - step] ?? 0)))
        kernel.subtractLeft(part, step)
        assert.deepEqual([...part], [...wanted])
      },
    ),
  )
})
