import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { readWide } from '../../../../src/develop/tiff/for-libvips/wide-samples.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'

const [width, height] = [30, 20]
const [none, horizontal, sortedFloats] = [1, 2, 3]

for (const predictor of [none, horizontal])
  test(`samples of 32 bits become the same levels of 16 bits (predictor ${predictor})`, async () => {
    const levels = Uint32Array.from(
      { length: 3 * width * height },
      (_, at) => Math.imul(at, 0x9e37_79b9) >>> 0,
    )
    const tiff = tiffOf(32, 1, rowsOf(levels, predictor), predictor)
    await assertLevels(
      tiff,
      Array.from(levels, level => Math.round(level / 65_537)),
    )
  })

test('samples of 24 bits become the same levels of 16 bits', async () => {
  const levels = Array.from({ length: 3 * width * height }, (_, at) => (at * 93_251) % 2 ** 24)
  const bytes = levels.flatMap(level => [level & 255, (level >> 8) & 255, level >> 16])
  const tiff = tiffOf(24, 1, Uint8Array.from(bytes), none)
  await assertLevels(
    tiff,
    levels.map(level => Math.round((level * 65_535) / (2 ** 24 - 1))),
  )
})

for (const predictor of [none, sortedFloats])
  test(`float samples from 0 to 1 become levels of 16 bits (predictor ${predictor})`, async () => {
    const floats = Float32Array.from(
      { length: 3 * width * height },
      (_, at) => ((at * 7919) % 10_007) / 10_006,
    )
    const bytes = predictor === none ? new Uint8Array(floats.buffer) : sorted(new Uint32Array(floats.buffer))
    const tiff = tiffOf(32, 3, bytes, predictor)
    await assertLevels(
      tiff,
      Array.from(floats, value => Math.round(value * 65_535)),
    )
  })

for (const predictor of [none, sortedFloats])
  test(`floats of 16 bits from 0 to 1 become levels of 16 bits (predictor ${predictor})`, async () => {
    // 0x3c00 is 1, and each smaller pattern a smaller float.
    const patterns = Uint16Array.from({ length: 3 * width * height }, (_, at) => (at * 7919) % 0x3c01)
    const view = new DataView(patterns.buffer)
    const floats = Array.from(patterns, (_, at) => view.getFloat16(2 * at, true))
    const bytes = predictor === none ? new Uint8Array(patterns.buffer) : sorted(patterns)
    await assertLevels(
      tiffOf(16, 3, bytes, predictor),
      floats.map(value => Math.round(value * 65_535)),
    )
  })

for (const predictor of [none, horizontal, sortedFloats])
  test(`floats of 64 bits from 0 to 1 become levels of 16 bits (predictor ${predictor})`, async () => {
    const floats = Float64Array.from(
      { length: 3 * width * height },
      (_, at) => ((at * 7919) % 10_007) / 10_006,
    )
    const patterns = new BigUint64Array(floats.buffer)
    const bytes = predictor === sortedFloats ? sorted(patterns) : rowsOf(patterns, predictor)
    await assertLevels(
      tiffOf(64, 3, bytes, predictor),
      Array.from(floats, value => Math.round(value * 65_535)),
    )
  })

test('float samples outside of 0 to 1 are refused with the value and a remedy', async () => {
  for (const value of [-0.5, 1.5, 4000, Number.NaN, Number.POSITIVE_INFINITY]) {
    const floats = new Float32Array(3 * width * height)
    floats[100] = value
    const message = `the samples of a float TIFF must be from 0 (black) to 1 (white), but a sample is ${value}: scale them, or save the TIFF with 8 or 16 bits a sample`
    for (const operations of ['swap-channels:bgr', 'flip', 'format:png'])
      await assert.rejects(run(tiffOf(32, 3, new Uint8Array(floats.buffer), none), operations), {
        code: 'unsupported-samples',
        message,
      })
  }
})

test('wide samples are read in the byte order of the file', () => {
  const view = new DataView(Uint8Array.of(0xff, 0x80, 0x01, 0x00, 0x3f, 0x40, 0, 0).buffer)
  assert.equal(readWide('unsigned24', view, 0, false), Math.round(0xff8001 / (0xffffff / 65_535)))
  assert.equal(readWide('unsigned24', view, 0, true), Math.round(0x0180ff / (0xffffff / 65_535)))
  assert.equal(readWide('unsigned32', view, 0, false), Math.round(0xff80_0100 / 65_537))
  assert.equal(readWide('unsigned32', view, 0, true), Math.round(0x0001_80ff / 65_537))
  assert.equal(readWide('float32', view, 4, false), Math.round(0.75 * 65_535))
})

async function assertLevels(tiff: Uint8Array, levels: number[]): Promise<void> {
  const pixels = Array.from({ length: levels.length / 3 }, (_, at) => levels.slice(3 * at, 3 * at + 3))
  const plain = await inspectResult(await run(tiff, 'format:png'))
  assert.deepEqual(
    [...plain.samples],
    pixels.flatMap(colours => [...colours, 65_535]),
  )
  const swapped = await inspectResult(await run(tiff, 'swap-channels:bgr'))
  assert.deepEqual(
    [...swapped.samples],
    pixels.flatMap(colours => [...colours.reverse(), 65_535]),
  )
}

/** Rows of little-endian samples, each as the difference to the same sample of the pixel before (TIFF 6.0, section 14). */
function rowsOf(levels: Uint32Array | BigUint64Array, predictor: number): Uint8Array {
  const size = levels.BYTES_PER_ELEMENT
  const bytes = new Uint8Array(levels.buffer.slice(0))
  if (predictor === none) return bytes
  for (let at = levels.length - 1; at >= 3; at--) {
    if (at % (3 * width) < 3) continue
    let borrowed = 0
    for (let place = size * at; place < size * (at + 1); place++) {
      const difference = (bytes[place] ?? 0) - (bytes[place - 3 * size] ?? 0) - borrowed
      borrowed = difference < 0 ? 1 : 0
      bytes[place] = difference
    }
  }
  return bytes
}

/** Rows in which the bytes of floats are sorted by their place, the most significant first, and differenced. */
function sorted(floats: Uint16Array | Uint32Array | BigUint64Array): Uint8Array {
  const [count, size] = [3 * width, floats.BYTES_PER_ELEMENT]
  const bytes = new Uint8Array(size * floats.length)
  for (let row = 0; row < height; row++) {
    const own = bytes.subarray(size * row * count, size * (row + 1) * count)
    for (let index = 0; index < count; index++)
      for (let place = 0; place < size; place++)
        own[place * count + index] = Number(
          (BigInt(floats[row * count + index] ?? 0) >> BigInt(8 * (size - 1 - place))) & 255n,
        )
    for (let at = own.length - 1; at >= 3; at--) own[at] = (own[at] ?? 0) - (own[at - 3] ?? 0)
  }
  return bytes
}

/** An RGB TIFF in one strip, deflated. */
function tiffOf(bits: number, format: number, rows: Uint8Array, predictor: number): Uint8Array {
  const strip = deflateSync(rows)
  return encodeTiff(writer => [
    ...[longsEntry(256, width), longsEntry(257, height), shortsEntry(258, bits, bits, bits)],
    ...[shortsEntry(259, 8), shortsEntry(262, 2), longsEntry(273, writer.append(strip))],
    ...[shortsEntry(277, 3), longsEntry(278, height), longsEntry(279, strip.length), shortsEntry(284, 1)],
    ...[shortsEntry(317, predictor), shortsEntry(339, format, format, format)],
  ])
}
