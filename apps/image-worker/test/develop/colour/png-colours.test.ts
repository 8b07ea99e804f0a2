import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { spaceOfNumbers } from '../../../src/develop/colour/colour-space.ts'
import { makeProfile } from '../../../src/develop/colour/make-profile.ts'
import { encodeSrgb } from '../../../src/develop/colour/srgb.ts'
import { attachToPng } from '../../../src/develop/metadata/attach-to-png.ts'
import { chunk, firstDataOf, withChunks } from '../../permute/png/png-assembler.ts'
import { uint32 } from '../heic/heif-assembler.ts'
import { assertSame, inspect, meanError, permuted } from '../inspect.ts'
import { bytesOf } from '../run.ts'
import { geometric, linear } from './files.ts'

test('a PNG of linear samples keeps them and gAMA if no operation computes colours', async () => {
  const file = await linear()
  for (const operation of geometric) {
    const result = await bytesOf(file, operation)
    assert.deepEqual(firstDataOf(result, 'gAMA'), firstDataOf(file, 'gAMA'), operation)
  }
  const twice = await bytesOf(await bytesOf(file, 'flip,swap-channels:bgr'), 'flip')
  assertSame(await inspect(twice), permuted(await inspect(file), 'bgr'))
})

test('an sRGB chunk with an unknown rendering intent does not hide gAMA', async () => {
  const file = withChunks(await linear(), chunk('sRGB', Buffer.of(9)))
  for (const operation of [...geometric, 'format:webp:100'])
    assert.deepEqual(
      (await inspect(await bytesOf(file, operation))).samples,
      (await inspect(await bytesOf(await linear(), operation))).samples,
      operation,
    )
  const flipped = await bytesOf(file, 'flip')
  assert.deepEqual(firstDataOf(flipped, 'gAMA'), firstDataOf(file, 'gAMA'))
  assert.equal(firstDataOf(flipped, 'sRGB'), undefined)
})

test('linear samples become sRGB if colours are computed, and in every other format', async () => {
  const file = await linear()
  const samples = Uint8Array.from((await inspect(file)).samples, (level, at) =>
    at % 4 === 3 ? level : Math.round(255 * encodeSrgb(level / 255)),
  )
  const applied = { ...(await inspect(file)), samples }
  for (const type of ['tiff', 'png']) {
    const result = await bytesOf(file, `invert,invert,format:${type}`)
    assert.equal(firstDataOf(result, 'gAMA'), undefined)
    assertSame({ ...(await inspect(result)), format: '' }, { ...applied, format: '' })
  }
  for (const type of ['jpeg:100', 'webp:100', 'avif:100']) {
    const result = await inspect(await bytesOf(file, `format:${type}`))
    const error = meanError(result, applied)
    assert.ok(error < 12, `${type} is off by ${error}`)
  }
})

test('a gAMA that would make everything black or white is ignored', async () => {
  const plain = await flat()
  for (const value of [0, 15, 625_000_001, 0xffffffff]) {
    const gamma = Buffer.alloc(4)
    gamma.writeUInt32BE(value)
    const file = withChunks(plain, chunk('gAMA', gamma))
    assertSame(
      await inspect(await bytesOf(file, 'invert,invert,format:tiff')),
      await inspect(await bytesOf(plain, 'invert,invert,format:tiff')),
      `gAMA ${value}`,
    )
  }
})

test('the usual gAMA and cHRM of sRGB change no sample, and stay in PNG', async () => {
  const plain = await flat()
  const [gamma, chromaticities] = [Buffer.alloc(4), Buffer.alloc(32)]
  gamma.writeUInt32BE(45_455)
  const usual = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000]
  for (const [index, value] of usual.entries()) chromaticities.writeUInt32BE(value, 4 * index)
  const file = withChunks(plain, chunk('gAMA', gamma), chunk('cHRM', chromaticities))
  const flipped = await bytesOf(file, 'flip')
  assert.deepEqual([firstDataOf(flipped, 'gAMA'), firstDataOf(flipped, 'cHRM')], [gamma, chromaticities])
  const tiff = await bytesOf(file, 'format:tiff')
  assertSame({ ...(await inspect(tiff)), format: '' }, { ...(await inspect(file)), format: '' })
  assert.equal((await sharp(tiff).metadata()).icc, undefined)
})

test('cICP in a PNG takes precedence over its profile; formats other than PNG and AVIF get only a profile', async () => {
  const { icc } = await sharp(
    await sharp(await linear())
      .withIccProfile('p3')
      .png()
      .toBuffer(),
  ).metadata()
  const plain = await sharp(await linear())
    .png()
    .toBuffer()
  const colour = {
    space: spaceOfNumbers({ primaries: 9, transfer: 1 }),
    numbers: { primaries: 9, transfer: 1 },
  }
  const file = attachToPng(plain, { icc: icc ?? assert.fail(), colour })
  const flipped = await bytesOf(file, 'flip')
  assert.deepEqual([...(firstDataOf(flipped, 'cICP') ?? [])], [9, 1, 0, 1])
  assert.deepEqual((await sharp(flipped).metadata()).icc, icc)
  const tiff = await bytesOf(file, 'format:tiff')
  assert.deepEqual((await sharp(tiff).metadata()).icc, Buffer.from(makeProfile(colour.space)))
})

test('cICP in a PNG that leaves the colours unspecified does not replace its profile', async () => {
  const plain = await sharp(await linear())
    .withIccProfile('p3')
    .png()
    .toBuffer()
  const file = withChunks(plain, chunk('cICP', Buffer.of(2, 2, 0, 1)))
  const { icc } = await sharp(plain).metadata()
  assert.ok(icc)
  assert.deepEqual((await sharp(await bytesOf(file, 'format:tiff')).metadata()).icc, icc)
})

test('a colour chunk of a PNG with a wrong CRC is ignored by every way, as by decoders', async () => {
  const plain = await sharp(await linear())
    .png()
    .toBuffer()
  const damaged = chunk('gAMA', uint32(100_000))
  damaged.writeUInt8(damaged.readUInt8(11) ^ 1, 11)
  const file = withChunks(plain, damaged)
  for (const operation of ['swap-channels:rgb', 'flip', 'invert', 'format:tiff'])
    assert.deepEqual(await bytesOf(file, operation), await bytesOf(plain, operation), operation)
})

test('a PNG with any contents of its colour chunks is developed into every format', async () => {
  const number = fc.oneof(fc.nat(100_000), fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff))
  const bytesFrom = (numbers: number[]) => Buffer.concat(numbers.map(value => uint32(value)))
  const chunks = fc.record(
    {
      cICP: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      mDCV: fc.uint8Array({ minLength: 24, maxLength: 24 }),
      cLLI: fc.array(number, { minLength: 2, maxLength: 2 }).map(bytesFrom),
      gAMA: number.map(uint32),
      cHRM: fc.array(number, { minLength: 8, maxLength: 8 }).map(bytesFrom),
    },
    { requiredKeys: [] },
  )
  const pictures = await Promise.all([
    sharp(await linear()).png().toBuffer(),
    sharp(await linear()).toColourspace('rgb16').ensureAlpha(0.5).png().toBuffer(),
    sharp(await linear()).toColourspace('b-w').png().toBuffer(),
  ]) // biome-ignore format: a list
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...pictures), chunks, async (picture, contents) => {
      const written = Object.entries(contents).map(([type, data]) => chunk(type, Buffer.from(data)))
      const file = withChunks(picture, ...written)
      for (const type of ['png', 'tiff', 'gif', 'jpeg']) {
        await inspect(await bytesOf(file, `crop:8x8,format:${type}`))
      }
    }),
    { numRuns: 60 },
  )
})

test('a cHRM whose primaries cannot mix colours is ignored', async () => {
  const plain = await flat()
  const gamma = chunk('gAMA', uint32(45_455))
  // Red, green and blue are nearly on one line.
  const line = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 47_000, 46_400]
  const file = withChunks(plain, gamma, chunk('cHRM', Buffer.concat(line.map(uint32))))
  assert.deepEqual(await bytesOf(file, 'format:tiff'), await bytesOf(withChunks(plain, gamma), 'format:tiff'))
})

test('linear samples of a PNG become sRGB in an AVIF, although an AVIF could declare them', async () => {
  const file = withChunks(await flat(), chunk('cICP', Buffer.of(1, 8, 0, 1)))
  const [red = 0] = (await inspect(await bytesOf(file, 'format:avif:100'))).samples
  assert.ok(Math.abs(red - 255 * encodeSrgb(0x80 / 255)) < 4, `red is ${red}`)
})

test('samples that are spaced unlike sRGB become sRGB if an operation computes colours', async () => {
  for (const [gamma, isConverted] of [
    [1.5, true],
    [1.8, false],
    [2.8, false],
    [3.1, true],
  ] as const) {
    const file = withChunks(await flat(), chunk('gAMA', uint32(Math.round(100_000 / gamma))))
    const inverted = await bytesOf(file, 'invert')
    assert.equal(firstDataOf(inverted, 'gAMA') === undefined, isConverted, `gamma ${gamma}`)
  }
})

function flat(): Promise<Buffer> {
  const create = { width: 9, height: 9, channels: 3, background: '#804020' } as const
  return sharp({ create }).png().toBuffer()
}
