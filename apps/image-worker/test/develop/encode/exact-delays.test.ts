import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { assembleGif, type GifFrame } from '../../permute/gif/gif-assembler.ts'
import { chunk, signature, splitChunks } from '../../permute/png/png-assembler.ts'
import { animatedPng } from '../animated-png.ts'
import { run } from '../run.ts'

const palette = Uint8Array.from([255, 0, 0, 0, 0, 255])

test('an animation keeps delays of more than a minute, also if equal frames are merged', async () => {
  const frames = [
    { index: 0, delay: 7 },
    { index: 1, delay: 20_000 },
    { index: 1, delay: 30_000 },
    { index: 0, delay: 65_535 },
  ].map(({ index, delay }): GifFrame => {
    return { width: 2, height: 1, indexes: [index, index], control: { delay, disposal: 1 } }
  })
  const gif = assembleGif({ width: 2, height: 1, palette, loop: 0, frames })
  for (const operations of ['flip', 'format:webp']) {
    const { delay } = await sharp((await run(gif, operations)).bytes).metadata()
    assert.deepEqual(delay, [70, 500_000, 655_350], operations)
  }
})

test('an animation with the largest number of repetitions that a GIF can have is developed', async () => {
  const frames = [0, 1].map((index): GifFrame => {
    return { width: 2, height: 1, indexes: [index, index], control: { delay: 7, disposal: 1 } }
  })
  const gif = assembleGif({ width: 2, height: 1, palette, loop: 0, frames })
  gif.writeUInt16LE(65_535, gif.indexOf('NETSCAPE2.0') + 13)
  assert.equal((await sharp((await run(gif, 'flip')).bytes).metadata()).loop, 65_535)
})

test('delays that a format has no room for become its longest delays', async () => {
  const chunks = splitChunks(animatedPng())
  const last = chunks.findLast(({ type }) => type === 'fcTL') ?? assert.fail()
  last.data.writeUInt32BE(0xffff_0001, 20) // 65 535 s
  const png = Buffer.concat([signature, ...chunks.map(({ type, data }) => chunk(type, data))])
  for (const [type, longest] of [
    ['webp', 2 ** 24 - 1],
    ['gif', 655_350],
  ] as const) {
    const { delay } = await sharp((await run(png, `format:${type}`)).bytes).metadata()
    assert.equal(delay?.at(-1), longest, type)
  }
})
