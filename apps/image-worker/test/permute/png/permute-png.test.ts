import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { compose, inverse } from '../../../src/permute/channel-order.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { permutePng } from '../../../src/permute/png/permute-png.ts'
import { permuteWhole } from '../collect.ts'
import { decode, permuted } from '../decode.ts'
import { assembleWithColors, cut, kinds, noise, noiseBytes, orders, pictures } from '../pictures.ts'
import { assemblePng, channelsOf, chunk, imageChunks, scanlinesOf, splitChunks } from './png-assembler.ts'

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
      assert.deepEqual(await decode(await permuteWhole(once, inverse(first))), await decode(png))
    }),
    { numRuns: 60 },
  )
})

test('the order rgb keeps the image data byte for byte', async () => {
  for (const [colorType, bitDepth] of kinds) {
    const samples = noise(400 * channelsOf(colorType), 2 ** bitDepth, 1)
    const png = assembleWithColors({ width: 20, height: 20, colorType, bitDepth, samples }, false)
    assert.deepEqual(joinedData(await permuteWhole(png, 'rgb'), 'IDAT'), joinedData(png, 'IDAT'))
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

test('colours in tRNS, bKGD, sBIT and a suggested palette are permuted with the samples', async () => {
  const samples = noise(48, 65536, 2)
  const before = [
    chunk('sBIT', Buffer.of(5, 6, 7)),
    chunk('PLTE', Buffer.of(1, 2, 3, 4, 5, 6)),
    chunk('hIST', Buffer.of(0, 1, 0, 2)),
    chunk('tRNS', Buffer.of(0, 1, 0, 2, 0, 3)),
    chunk('bKGD', Buffer.of(1, 1, 2, 2, 3, 3)),
  ]
  const png = assemblePng({ width: 4, height: 4, colorType: 2, bitDepth: 16, samples }, { before })
  const result = await permuteWhole(png, 'gbr')
  assert.deepEqual(dataOf(result, 'sBIT'), [6, 7, 5])
  assert.deepEqual(dataOf(result, 'PLTE'), [2, 3, 1, 5, 6, 4])
  assert.deepEqual(dataOf(result, 'hIST'), [0, 1, 0, 2])
  assert.deepEqual(dataOf(result, 'tRNS'), [0, 2, 0, 3, 0, 1])
  assert.deepEqual(dataOf(result, 'bKGD'), [2, 2, 3, 3, 1, 1])
})

test('indexes and alpha in the chunks of a palette image stay', async () => {
  const before = [
    chunk('sBIT', Buffer.of(5, 6, 7)),
    chunk('PLTE', Buffer.of(1, 2, 3, 4, 5, 6)),
    chunk('tRNS', Buffer.of(9, 8)),
    chunk('bKGD', Buffer.of(1)),
  ]
  const png = assemblePng(
    { width: 4, height: 4, colorType: 3, bitDepth: 1, samples: noise(16, 2, 1) },
    { before },
  )
  const result = await permuteWhole(png, 'bgr')
  assert.deepEqual(dataOf(result, 'sBIT'), [7, 6, 5])
  assert.deepEqual(dataOf(result, 'PLTE'), [3, 2, 1, 6, 5, 4])
  assert.deepEqual(dataOf(result, 'tRNS'), [9, 8])
  assert.deepEqual(dataOf(result, 'bKGD'), [1])
})

test('the colour space stays: gAMA, cHRM, sRGB, cICP, mDCV, cLLI and an ICC profile', async () => {
  const before = [
    chunk('gAMA', Buffer.of(0, 0, 0xb1, 0x8f)),
    chunk('cHRM', noiseBytesBuffer(32)),
    chunk('sRGB', Buffer.of(0)),
    chunk('cICP', Buffer.of(1, 13, 0, 1)),
    chunk('mDCV', noiseBytesBuffer(24)),
    chunk('cLLI', noiseBytesBuffer(8)),
    chunk('pHYs', Buffer.of(0, 0, 1, 0, 0, 0, 1, 0, 1)),
  ]
  const png = tinyPng({ before })
  const kept = splitChunks(await permuteWhole(png, 'bgr')).map(({ whole }) => whole)
  for (const wanted of before) assert.ok(kept.some(whole => whole.equals(wanted)))
  const profiled = await sharp(png).withIccProfile('p3').png().toBuffer()
  const profile = (await sharp(profiled).metadata()).icc
  assert.ok(profile)
  assert.deepEqual((await sharp(await permuteWhole(profiled, 'bgr')).metadata()).icc, profile)
})

const personal = [
  chunk('eXIf', exif(1)),
  chunk('tEXt', Buffer.from('Author\0Ada')),
  chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.from('hello'))])),
  chunk('iTXt', Buffer.from('Comment\0\0\0\0\0hello')),
  chunk('tIME', Buffer.of(7, 0xe8, 1, 1, 0, 0, 0)),
  chunk('prIv', Buffer.from('anything')),
]

test('data that can identify people is dropped unless metadata is kept', async () => {
  const png = tinyPng({ before: personal, after: [chunk('tEXt', Buffer.from('Title\0late'))] })
  const dropped = splitChunks(await permuteWhole(png, 'bgr')).map(({ type }) => type)
  assert.deepEqual(dropped, ['IHDR', 'IDAT', 'IEND'])
  const kept = splitChunks(await permuteWhole(png, 'bgr', { keepMetadata: true })).map(({ type }) => type)
  assert.deepEqual(kept, 'IHDR tEXt zTXt iTXt tIME prIv IDAT tEXt IEND'.split(' '))
})

test('chunks about the file itself, or unsafe to copy, are always dropped', async () => {
  const png = tinyPng({
    before: [
      chunk('prIV', Buffer.of(1)),
      chunk('sPLT', Buffer.from('name\0\x08')),
      chunk('iTXt', Buffer.from('XML:com.adobe.xmp\0\0\0\0\0<x/>')),
      chunk('tEXt', Buffer.from('Raw profile type exif\0\nexif\n 4\n00000000')),
      chunk('tEXt', Buffer.from('exif:ExifImageWidth\x00160')),
      chunk('tEXt', Buffer.from('Thumb::Image::Width\x00160')),
    ],
  })
  const kept = splitChunks(await permuteWhole(png, 'bgr', { keepMetadata: true })).map(({ type }) => type)
  assert.deepEqual(kept, ['IHDR', 'IDAT', 'IEND'])
})

test('an image with an EXIF orientation is left to the decoder, whether metadata is kept or not', async () => {
  for (const keepMetadata of [true, false]) {
    const png = tinyPng({ before: [chunk('eXIf', exif(6))] })
    await assert.rejects(permuteWhole(png, 'bgr', { keepMetadata }), {
      name: 'NotWellFormed',
      message: /rotating/,
    })
  }
})

test('an animation keeps its frames and their sequence; each frame is permuted', async () => {
  for (const [colorType, bitDepth] of [
    [2, 8],
    [6, 16],
    [0, 8],
    [3, 8],
  ] as const) {
    const png = animation(colorType, bitDepth)
    const result = await permuteWhole(cut(png, [100]), 'brg')
    const still = (file: Buffer) => stillsOf(file)
    const [before, after] = [still(png), still(result)]
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

function tinyPng(parts: { before?: Buffer[]; after?: Buffer[] }): Buffer {
  return assemblePng({ width: 3, height: 2, colorType: 2, bitDepth: 8, samples: noise(18, 256, 4) }, parts)
}

/** An EXIF block with only an orientation. */
function exif(orientation: number): Buffer {
  const block = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1')
  block.writeUInt16BE(orientation, 18)
  return block
}

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

function joinedData(png: Buffer, wanted: string): Buffer {
  return Buffer.concat(
    splitChunks(png)
      .filter(({ type }) => type === wanted)
      .map(({ data }) => data),
  )
}

function dataOf(png: Buffer, wanted: string): number[] {
  return [...joinedData(png, wanted)]
}

function noiseBytesBuffer(length: number): Buffer {
  return Buffer.from(noiseBytes(length, length))
}
