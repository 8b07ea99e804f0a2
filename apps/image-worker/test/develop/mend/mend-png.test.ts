import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { chunk, headerChunk, signature } from '../../permute/png/png-assembler.ts'
import { randomFrom } from '../../seeded-random.ts'
import { run } from '../run.ts'

const [width, height] = [37, 29]
const random = randomFrom(5)
const lines = Buffer.from(
  Array.from({ length: height }, () => [0, ...Array.from({ length: 3 * width }, () => random(256))]).flat(),
)
const zlib = deflateSync(lines)
const cases = ['swap-channels:bgr', 'flip', 'crop:5x4+3+2', 'resize:20x', 'format:jpeg']

test('a PNG whose Adler-32 is wrong or cut off is developed like the right one', async () => {
  const whole = pngOf(zlib)
  const odd = {
    wrong: [...zlib.subarray(0, -4), 1, 2, 3, 4],
    'cut off': [...zlib.subarray(0, -2)],
    missing: [...zlib.subarray(0, -4)],
  }
  for (const operations of cases) {
    const { bytes: expected } = await run(whole, operations)
    for (const [name, stream] of Object.entries(odd)) {
      const { bytes } = await run(pngOf(Buffer.from(stream)), operations)
      assert.deepEqual(bytes, expected, `${name}: ${operations}`)
    }
  }
})

test('a PNG whose zlib stream declares too small a window is developed like the right one', async () => {
  // Two equal halves: the distances between them are longer than 512 bytes.
  const repeated = Buffer.from(lines)
  lines.copy(repeated, 14 * (1 + 3 * width), 0, 14 * (1 + 3 * width))
  const stream = deflateSync(repeated)
  for (const operations of cases) {
    const { bytes: expected } = await run(pngOf(stream), operations)
    for (const head of [Buffer.of(0x18, 0x19), Buffer.of(0x08, 0x1d), Buffer.of(0x78, 0)]) {
      const { bytes } = await run(pngOf(Buffer.concat([head, stream.subarray(2)])), operations)
      assert.deepEqual(bytes, expected, `${head.toString('hex')}: ${operations}`)
    }
  }
})

test('ancillary chunks with an invalid name are ignored', async () => {
  for (const name of ['abcd', 'ab1D', 'a\0Cd'])
    for (const operations of cases) {
      const { bytes } = await run(pngOf(zlib, [chunk(name, Buffer.from('text'))]), operations)
      assert.deepEqual(bytes, (await run(pngOf(zlib), operations)).bytes, operations)
    }
  const critical = pngOf(zlib, [chunk('AB1D', Buffer.from('text'))])
  await assert.rejects(run(critical, 'flip'), { code: 'undecodable-image' })
})

test('ancillary chunks with a wrong CRC are ignored, also transparency', async () => {
  const broken = (type: string, data: number[]) => {
    const encoded = chunk(type, Buffer.from(data))
    encoded[encoded.length - 1] = (encoded.at(-1) ?? 0) ^ 1
    return encoded
  }
  const chunks = [
    broken('tRNS', [0, 1, 0, 2, 0, 3]),
    broken('gAMA', [0, 1, 0x86, 0xa0]),
    broken('tEXt', [65, 0, 65]),
  ]
  for (const operations of [...cases, 'format:auto', 'rotate:30', 'format:webp']) {
    const { bytes: expected } = await run(pngOf(zlib), operations)
    assert.deepEqual((await run(pngOf(zlib, chunks), operations)).bytes, expected, operations)
  }
})

test('a PNG with a wrong Adler-32 fails if its data are cut off or have another length', async () => {
  const others = {
    'cut off': zlib.subarray(0, -40),
    'too short': Buffer.concat([deflateSync(lines.subarray(0, -9)).subarray(0, -4), Buffer.alloc(4)]),
  }
  for (const [name, stream] of Object.entries(others))
    for (const operations of ['swap-channels:bgr', 'flip', 'resize:20x', 'format:jpeg'])
      await assert.rejects(run(pngOf(stream), operations), { code: 'undecodable-image' }, name)
  const changed = pngOf(Buffer.concat([zlib.subarray(0, -4), Buffer.alloc(4)]))
  changed[changed.length - 100] = (changed.at(-100) ?? 0) ^ 1
  await assert.rejects(run(changed, 'flip'), /the CRC of the IDAT chunk does not match/)
})

/** A PNG of random colours, its data in chunks of 1000 bytes, with these chunks before them. */
function pngOf(stream: Buffer, others: readonly Buffer[] = []): Buffer {
  const header = headerChunk({ width, height, colorType: 2, bitDepth: 8 })
  const images = []
  for (let at = 0; at < stream.length; at += 1000) images.push(chunk('IDAT', stream.subarray(at, at + 1000)))
  return Buffer.concat([signature, header, ...others, ...images, chunk('IEND')])
}
