import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { permuteWhole } from '../collect.ts'
import { decode, permuted } from '../decode.ts'
import { cut, noise, noiseBytes } from '../pictures.ts'
import { assemblePng, channelsOf, chunk, imageChunks, scanlinesOf, splitChunks } from './png-assembler.ts'

test('an animation keeps its frames and their sequence; each frame is permuted', async () => {
  for (const [colorType, bitDepth] of [
    [2, 8],
    [6, 16],
    [0, 8],
    [3, 8],
  ] as const) {
    const png = animation(colorType, bitDepth)
    const result = await permuteWhole(cut(png, [100]), 'brg')
    const [before, after] = [stillsOf(png), stillsOf(result)]
    assert.equal(after.length, 3)
    for (const [at, frame] of before.entries()) {
      assert.deepEqual(await decode(after[at] ?? frame), permuted(await decode(frame), 'brg'))
    }
    assert.deepEqual(controls(result), controls(png))
    const sequence = splitChunks(result).filter(({ type }) => /fcTL|fdAT/.test(type))
    assert.deepEqual(
      sequence.map(({ data }) => data.readUInt32BE()),
      sequence.map((_, at) => at),
    )
    await permuteWhole(result, 'bgr')
  }
})

/** Three frames: the image, and two that cover parts of it, each in several fdAT chunks. */
function animation(colorType: number, bitDepth: number): Buffer {
  const picture = (width: number, height: number, seed: number) => ({
    ...{ width, height, colorType, bitDepth, filters: [4, 1, 0] },
    samples: noise(width * height * channelsOf(colorType), 2 ** bitDepth, seed),
  })
  const frames = [picture(16, 12, 1), picture(10, 12, 2), picture(5, 4, 3)]
  let sequence = 0
  const numbered = (type: string, data: Uint8Array) => {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(sequence++)
    return chunk(type, Buffer.concat([number, data]))
  }
  const control = ({ width, height }: { width: number; height: number }) => {
    const data = Buffer.alloc(22)
    data.writeUInt32BE(width, 0)
    data.writeUInt32BE(height, 4)
    data.set([0, 1, 0, 10, 1, 1], 16)
    return numbered('fcTL', data)
  }
  const [first, ...others] = frames.map(frame => ({ frame, data: deflateSync(scanlinesOf(frame)) }))
  assert.ok(first)
  const before = [chunk('acTL', Buffer.of(0, 0, 0, 3, 0, 0, 0, 2)), control(first.frame)]
  if (colorType === 3) before.unshift(chunk('PLTE', noiseBytes(768, 1)))
  const after = others.flatMap(({ frame, data }) => [
    control(frame),
    ...imageChunks(data, 30).map(({ length }, at) =>
      numbered('fdAT', data.subarray(at * 30, at * 30 + length - 12)),
    ),
  ])
  return assemblePng(first.frame, { before, after })
}

/** Each frame of an animation as a PNG. */
function stillsOf(png: Buffer): Buffer[] {
  const chunks = splitChunks(png)
  const header = chunks[0]?.data ?? Buffer.alloc(13)
  const frames: { size: Buffer; data: Buffer[] }[] = []
  for (const { type, data } of chunks) {
    if (type === 'fcTL') frames.push({ size: data.subarray(4, 12), data: [] })
    if (type === 'IDAT') frames.at(-1)?.data.push(data)
    if (type === 'fdAT') frames.at(-1)?.data.push(data.subarray(4))
  }
  const palette = chunks.filter(({ type }) => type === 'PLTE').map(({ whole }) => whole)
  return frames.map(({ size, data }) =>
    Buffer.concat([
      png.subarray(0, 8),
      chunk('IHDR', Buffer.concat([size, header.subarray(8)])),
      ...palette,
      chunk('IDAT', Buffer.concat(data)),
      chunk('IEND'),
    ]),
  )
}

/** The frame controls without their sequence numbers, and the animation control. */
function controls(png: Buffer): Buffer[] {
  const chunks = splitChunks(png).filter(({ type }) => type === 'acTL' || type === 'fcTL')
  return chunks.map(({ type, data }) => (type === 'fcTL' ? data.subarray(4) : data))
}
