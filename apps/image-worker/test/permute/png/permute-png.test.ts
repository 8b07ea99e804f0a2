import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { compose } from '../../../src/permute/channel-order.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { permutePng } from '../../../src/permute/png/permute-png.ts'
import { permuteWhole } from '../collect.ts'
import { decode, permuted } from '../decode.ts'
import { inverseOrder } from '../inverse-order.ts'
import { assembleWithColors, cut, kinds, noise, noiseBytes, orders, pictures } from '../pictures.ts'
import { assemblePng, channelsOf, chunk, dataOf, splitChunks } from './png-assembler.ts'

test('every sample of every kind of PNG is permuted, and nothing else changes', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, fc.boolean(), orders, async (picture, hasTransparency, order) => {
      const png = assembleWithColors(picture, hasTransparency)
      const result = await permuteWhole(png, order)
      assert.deepEqual(await decode(result), permuted(await decode(png), order))
      assert.deepEqual(splitChunks(result)[0]?.whole, splitChunks(png)[0]?.whole)
    }),
    { numRuns: 300 },
  )
})

test('the decoder that results are compared with reads the samples that were written', async () => {
  for (const [colorType, bitDepth] of [
    [2, 8],
    [2, 16],
    [6, 8],
    [6, 16],
  ] as const) {
    const samples = noise(9 * 7 * channelsOf(colorType), 2 ** bitDepth, 3)
    const png = assemblePng({ width: 9, height: 7, colorType, bitDepth, samples, filters: [0, 1, 2, 3, 4] })
    assert.deepEqual([...(await decode(png)).samples], [...samples])
  }
})

test('the result is well formed, and permutations compose and cancel out', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, orders, orders, async (picture, first, second) => {
      const png = assembleWithColors(picture, true)
      const once = await permuteWhole(png, first)
      const twice = await permuteWhole(once, second)
      assert.deepEqual(await decode(twice), permuted(await decode(png), compose(first, second)))
      assert.deepEqual(await decode(await permuteWhole(once, inverseOrder(first))), await decode(png))
    }),
    { numRuns: 60 },
  )
})

test('the order rgb keeps the image data byte for byte', async () => {
  for (const [colorType, bitDepth] of kinds) {
    const samples = noise(400 * channelsOf(colorType), 2 ** bitDepth, 1)
    const png = assembleWithColors({ width: 20, height: 20, colorType, bitDepth, samples }, false)
    assert.deepEqual(dataOf(await permuteWhole(png, 'rgb'), 'IDAT'), dataOf(png, 'IDAT'))
  }
})

test('the result does not depend on how the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      pictures,
      orders,
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }),
      async (picture, order, lengths) => {
        const png = assembleWithColors(picture, true)
        const whole = await permuteWhole(png, order)
        assert.deepEqual(await permuteWhole(cut(png, [...lengths, 1]), order), whole)
      },
    ),
    { numRuns: 60 },
  )
})

test('photographs and drawings of several blocks are permuted exactly', async () => {
  for (const adaptiveFiltering of [false, true]) {
    for (const bitDepth of [8, 16]) {
      const png = await largePicture(1201, 1103, adaptiveFiltering, bitDepth === 16)
      const result = await permuteWhole(cut(png, [65536]), 'gbr')
      assert.deepEqual(await decode(result), permuted(await decode(png), 'gbr'))
    }
  }
})

test('a large palette image keeps its image data and chunks byte for byte', async () => {
  const samples = noise(1100 * 1000, 256, 5)
  const palette = chunk('PLTE', noiseBytes(768, 1))
  const png = assemblePng(
    { width: 1100, height: 1000, colorType: 3, bitDepth: 8, samples },
    { before: [palette], idatBytes: 8192 },
  )
  const result = await permuteWhole(cut(png, [5000]), 'bgr')
  assert.deepEqual(await decode(result), permuted(await decode(png), 'bgr'))
  const [before, after] = [png, result].map(file => splitChunks(file).filter(({ type }) => type === 'IDAT'))
  assert.deepEqual(after, before)
})

test('an error of the input is passed on unchanged, and a consumer that stops closes the input', async () => {
  const png = await largePicture(600, 600, true, false)
  const broken = new Error('disk on fire')
  async function* failing() {
    yield* cut(png.subarray(0, 100_000), [1000])
    throw broken
  }
  await assert.rejects(Array.fromAsync(permutePng(failing(), 'bgr', { keepMetadata: false })), broken)

  let isClosed = false
  async function* watched() {
    try {
      yield* cut(png, [1000])
    } finally {
      isClosed = true
    }
  }
  for await (const _ of permutePng(watched(), 'bgr', { keepMetadata: false })) break
  assert.ok(isClosed)
})

test('NotWellFormed is an Error with a reason', async () => {
  const error = await permuteWhole(Buffer.from('GIF89a, no PNG'), 'bgr').catch((caught: unknown) => caught)
  assert.ok(error instanceof NotWellFormed)
  assert.match(error.message, /signature/)
})

/** Soft shapes with noise on the left, uniform squares on the right. */
async function largePicture(width: number, height: number, adaptiveFiltering: boolean, isDeep: boolean) {
  const samples = new Uint8Array(width * height * 3)
  for (let at = 0; at < samples.length; at += 1) {
    const x = Math.floor(at / 3) % width
    const y = Math.floor(at / 3 / width)
    samples[at] = y > height / 2 ? ((x >> 5) ^ (y >> 5)) * 40 : x / 5 + y / 7 + (at % 3) * 30 + ((at * 7) % 3)
  }
  const image = sharp(samples, { raw: { width, height, channels: 3 } }).png({ adaptiveFiltering })
  return (isDeep ? image.toColourspace('rgb16') : image).toBuffer()
}
