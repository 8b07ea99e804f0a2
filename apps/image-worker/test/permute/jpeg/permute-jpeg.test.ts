import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import fc from 'fast-check'
import sharp from 'sharp'
import { type ChannelOrder, compose } from '../../../src/permute/channel-order.ts'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import { turnOfOrientation } from '../../../src/permute/turn.ts'
import { assertSame, inspect, meanError, permuted } from '../../develop/inspect.ts'
import { inverseOrder } from '../inverse-order.ts'
import { noiseBytes, orders } from '../pictures.ts'
import { fileOf, partsOf } from './jpeg-segments.ts'

interface Kind {
  readonly width: number
  readonly height: number
  readonly quality: number
  readonly chromaSubsampling: '4:4:4' | '4:2:0'
  readonly progressive: boolean
  readonly isGrey: boolean
  readonly isNoise: boolean
}

const kindsFrom = (min: number): fc.Arbitrary<Kind> =>
  fc.record({
    width: fc.integer({ min, max: 90 }),
    height: fc.integer({ min, max: 90 }),
    quality: fc.integer({ min: 1, max: 100 }),
    chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
    progressive: fc.boolean(),
    isGrey: fc.boolean(),
    isNoise: fc.boolean(),
  })

const subsamplings = ['4-2-2', '4-4-0', '4-1-1', '4-1-0', '4-4-4-by-2x1', '4-2-2-by-2x2'] as const

test('the identity keeps the exact pixels, in about as many bytes', async () => {
  const property = fc.asyncProperty(kindsFrom(1), async kind => {
    const jpeg = await encode(kind)
    const result = permuteJpeg(jpeg, 'rgb')
    assertSame(await inspect(result), await inspect(jpeg))
    // The result has JFIF's header, which sharp leaves out. Equally short codes may be chosen differently, and then other
    // bytes must be stuffed.
    const [bytes, expected] = [bytesOf(result), bytesOf(jpeg)]
    assert.ok(bytes <= expected + 18 + expected / 100, `${bytes} instead of ${expected}`)
    assert.equal((await sharp(result).metadata()).isProgressive, kind.progressive)
  })
  await fc.assert(property, { numRuns: 150 })
})

for (const name of subsamplings) {
  test(`the identity changes nothing in ${name}`, async () => {
    const jpeg = await subsampled(name)
    assertSame(await inspect(permuteJpeg(jpeg, 'rgb')), await inspect(jpeg))
  })
}

test('permuted colours are as close to the permuted decode as encoding it would be', async () => {
  // In very small images, the result depends on chance.
  const property = fc.asyncProperty(kindsFrom(32), orders, async (kind, order) => {
    const jpeg = await encode(kind)
    await assertNear(permuteJpeg(jpeg, order), jpeg, order, kind)
  })
  await fc.assert(property, { numRuns: 150 })
})

test('chroma with two samples in a row is not smoothed, as in decoders', async () => {
  const halves = Uint8Array.from(
    { length: 4 * 8 * 3 },
    (_, at) => (at % 12 < 6 ? [255, 0, 0] : [0, 0, 255])[at % 3] ?? 0,
  )
  const raw = { width: 4, height: 8, channels: 3 } as const
  const jpeg = await sharp(halves, { raw }).jpeg({ quality: 100, chromaSubsampling: '4:2:0' }).toBuffer()
  assert.ok(meanError(await inspect(permuteJpeg(jpeg, 'gbr')), permuted(await inspect(jpeg), 'gbr')) < 1)
})

test('a permutation and its inverse give nearly the original, two permutations nearly their product', async () => {
  const kind = { width: 67, height: 45, isGrey: false, isNoise: false, quality: 85 } as const
  for (const chromaSubsampling of ['4:4:4', '4:2:0'] as const) {
    const jpeg = await encode({ ...kind, chromaSubsampling, progressive: false })
    const property = fc.asyncProperty(orders, orders, async (first, second) => {
      const twice = await inspect(permuteJpeg(permuteJpeg(jpeg, first), second))
      const once = await inspect(permuteJpeg(jpeg, compose(first, second)))
      assert.ok(meanError(twice, once) < 2)
      const back = await inspect(permuteJpeg(permuteJpeg(jpeg, first), inverseOrder(first)))
      assert.ok(meanError(back, await inspect(jpeg)) < 2)
    })
    await fc.assert(property, { numRuns: 20 })
  }
})

const opposite = [1, 2, 3, 4, 5, 8, 7, 6]

for (const chromaSubsampling of ['4:4:4', '4:2:0'] as const) {
  for (const progressive of [false, true]) {
    test(`a ${progressive ? 'progressive' : 'baseline'} image in ${chromaSubsampling} is turned, and back`, async () => {
      const jpeg = await encode({ ...photo, width: 80, height: 48, chromaSubsampling, progressive })
      for (const [index, back] of opposite.entries()) {
        const orientation = index + 1
        const turned = permuteJpeg(jpeg, 'rgb', turnOfOrientation(orientation))
        assert.deepEqual(permuteJpeg(turned, 'rgb', turnOfOrientation(back)), permuteJpeg(jpeg, 'rgb'))
        const upright = await sharp(jpeg).withMetadata({ orientation }).png().toBuffer()
        const shown = await inspect(await sharp(upright).autoOrient().png().toBuffer())
        assert.ok(meanError({ ...(await inspect(turned)), format: 'png' }, shown) < 0.2, `${orientation}`)
        const swapped = await inspect(permuteJpeg(jpeg, 'bgr', turnOfOrientation(orientation)))
        assert.ok(meanError(swapped, permuted(shown, 'bgr')) < 1)
      }
    })
  }
}

test('an image is turned if no mirrored edge is within a unit', async () => {
  const jpeg = await encode({ ...photo, width: 48, height: 41 })
  const turned = [1, 2, 5, 8]
  for (let orientation = 1; orientation <= 8; orientation++) {
    const turn = () => permuteJpeg(jpeg, 'rgb', turnOfOrientation(orientation))
    if (turned.includes(orientation)) assert.doesNotThrow(turn)
    else assert.throws(turn, { name: 'NotWellFormed' })
  }
})

test('an image that cannot be turned is refused before its scans are read, which takes most of the time', async () => {
  const jpeg = await encode({ ...photo, width: 48, height: 41 })
  const turn = () => permuteJpeg(jpeg.subarray(0, -100), 'rgb', turnOfOrientation(4))
  assert.throws(turn, { name: 'NotWellFormed', message: 'a mirrored edge cuts through a block' })
})

test('a permutation leaves grey as it is', async () => {
  const jpeg = await encode({ ...photo, isGrey: true })
  assert.deepEqual(permuteJpeg(jpeg, 'gbr'), permuteJpeg(jpeg, 'rgb'))
})

test('only the density of the segments before the image is kept', async () => {
  const plain = await encode(photo)
  const jfif = Buffer.from('ffe000104a46494600010101012c00960000', 'hex') // 300 across, 150 down
  const comment = Buffer.concat([Buffer.of(0xff, 0xfe, 0, 9), Buffer.from('private')])
  const jpeg = fileOf([{ marker: 0xe0, bytes: jfif }, { marker: 0xfe, bytes: comment }, ...partsOf(plain)])
  const [first, ...others] = partsOf(permuteJpeg(jpeg, 'bgr'))
  assert.deepEqual(first?.bytes.subarray(11, 16), jfif.subarray(11, 16))
  const [turned] = partsOf(permuteJpeg(jpeg, 'bgr', turnOfOrientation(5)))
  assert.deepEqual(turned?.bytes.subarray(11, 16), Buffer.from('010096012c', 'hex'))
  assert.ok(others.every(({ marker }) => marker < 0xe0))
})

test('black and white stay, also at the best quality, where their coefficients are largest', async () => {
  for (const level of [0, 255]) {
    for (const chromaSubsampling of ['4:4:4', '4:2:0'] as const) {
      const flat = sharp({
        create: { width: 33, height: 33, channels: 3, background: { r: level, g: level, b: level } },
      })
      const jpeg = await flat.jpeg({ quality: 100, chromaSubsampling }).toBuffer()
      assert.deepEqual(permuteJpeg(jpeg, 'bgr'), permuteJpeg(jpeg, 'rgb'))
    }
  }
})

test('a refused image does not affect the next', async () => {
  const jpeg = await encode({ ...photo, isNoise: true })
  const result = permuteJpeg(jpeg, 'gbr')
  for (const length of [20, 300, 700, jpeg.length - 3])
    assert.throws(() => permuteJpeg(jpeg.subarray(0, length), 'gbr'), { name: 'NotWellFormed' })
  assert.deepEqual(permuteJpeg(jpeg, 'gbr'), result)
})

test('bytes after the end are dropped', async () => {
  const jpeg = await encode(photo)
  assert.deepEqual(permuteJpeg(Buffer.concat([jpeg, Buffer.from('PK')]), 'bgr'), permuteJpeg(jpeg, 'bgr'))
})

const photo: Kind = {
  width: 50,
  height: 40,
  quality: 80,
  chromaSubsampling: '4:2:0',
  progressive: false,
  isGrey: false,
  isNoise: false,
}

/** The length of a JPEG without the zeros that are stuffed after bytes of 255. */
function bytesOf(jpeg: Uint8Array): number {
  return Buffer.from(jpeg).toString('latin1').replaceAll('\xff\0', '\xff').length
}

async function encode(kind: Kind): Promise<Buffer> {
  const { width, height, isGrey, isNoise, quality, chromaSubsampling, progressive } = kind
  const pixels = isNoise ? noiseBytes(width * height * 3, width) : photograph({ width, height, seed: 4 })
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toColourspace(isGrey ? 'b-w' : 'srgb')
    .jpeg({ quality, chromaSubsampling, progressive })
    .toBuffer()
}

async function subsampled(name: (typeof subsamplings)[number]): Promise<Buffer> {
  return readFile(new URL(`../../develop/subsampled/${name}.jpeg`, import.meta.url))
}

/**
 * The decoded samples were rounded, which helps their encoding and which the coefficients don't contain: half a sample
 * is tolerated for that.
 */
async function assertNear(
  result: Uint8Array,
  jpeg: Uint8Array,
  order: ChannelOrder,
  kind: Kind,
): Promise<void> {
  const wanted = permuted(await inspect(jpeg), order)
  const { width, height, samples } = wanted
  const alike = await sharp(samples, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .toColourspace(kind.isGrey ? 'b-w' : 'srgb')
    .jpeg(kind)
    .toBuffer()
  const cost = meanError(await inspect(alike), wanted)
  const error = meanError(await inspect(result), wanted)
  assert.ok(error <= 1.1 * cost + 0.5, `off by ${error}; encoding is off by ${cost}`)
}
