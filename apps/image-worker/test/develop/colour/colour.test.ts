import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { bytesSource, readAvifCoding } from '@darkroom/image-header'
import fc from 'fast-check'
import sharp from 'sharp'
import { type ColourSpace, spaceOfNumbers } from '../../../src/develop/colour/colour-space.ts'
import { encodePq } from '../../../src/develop/colour/curve.ts'
import { makeProfile } from '../../../src/develop/colour/make-profile.ts'
import { signAvif } from '../../../src/develop/colour/sign-avif.ts'
import { encodeSrgb } from '../../../src/develop/colour/srgb.ts'
import { toSrgb } from '../../../src/develop/colour/to-srgb.ts'
import { brightest, paperWhite, toneCurve } from '../../../src/develop/colour/tone-curve.ts'
import { attachToPng } from '../../../src/develop/metadata/attach-to-png.ts'
import type { Raster } from '../../../src/develop/raster.ts'
import { chunk } from '../../permute/png/png-assembler.ts'
import { assertSame, type Inspected, inspect, meanError, permuted } from '../inspect.ts'
import { bytesOf } from '../run.ts'

const avif = (name: string) => readFile(new URL(`../avif/${name}.avif`, import.meta.url))
const linear = () => readFile(new URL('linear.png', import.meta.url))
const geometric = ['swap-channels:bgr', 'flip', 'crop:9x9', 'rotate:90', 'resize:8x8']
const colouring = ['greyscale', 'invert', 'brightness:1.2', 'tint:e0a060', 'sharpen']

for (const [name, primaries, transfer] of [
  ['p3', 12, 13],
  ['hdr', 9, 16],
] as const) {
  test(`AVIF of CICP ${primaries}/${transfer} keeps its primaries and its transfer, with the matrix of its encoding`, async () => {
    for (const operation of [...geometric, ...colouring, 'metadata:keep', 'format:avif:100']) {
      const result = await bytesOf(await avif(name), operation)
      assert.deepEqual(await signedIn(result), [
        [primaries, transfer, 6],
        [primaries, transfer, 6],
      ])
    }
  })

  test(`AVIF of CICP ${primaries}/${transfer} becomes a PNG with these numbers, and an AVIF again`, async () => {
    const png = await bytesOf(await avif(name), 'format:png')
    assert.deepEqual([...(chunkOf(png, 'cICP') ?? [])], [primaries, transfer, 0, 1])
    assertSame({ ...(await inspect(png)), format: '' }, filled(await inspect(await avif(name))))
    const flopped = await bytesOf(png, 'flop')
    assert.deepEqual(chunkOf(flopped, 'cICP'), chunkOf(png, 'cICP'))
    const [container] = await signedIn(await bytesOf(png, 'format:avif'))
    assert.deepEqual(container, [primaries, transfer, 6])
  })
}

/** The AVIF in 10 bits has 0 in the lower bits of what sharp returns. */
function filled(avif: Inspected): Inspected {
  const samples = avif.samples.map(sample => (avif.isDeep ? sample | (sample >> 10) : sample))
  return { ...avif, format: '', samples }
}

/** The colour numbers of the container's box and of the AV1 data. */
async function signedIn(file: Uint8Array): Promise<(number[] | undefined)[]> {
  const bytes = Buffer.from(file)
  await sharp(bytes, { failOn: 'warning' }).stats()
  const { places } = (await readAvifCoding(bytesSource(bytes))) ?? assert.fail()
  const [container] = places.containers
  const { sequence } = places
  return [
    container === undefined ? undefined : [0, 2, 4].map(at => bytes.readUInt16BE(container + at)),
    sequence === undefined ? undefined : [0, 8, 16].map(bit => numberAt(bytes, sequence + bit)),
  ]
}

function numberAt(bytes: Buffer, bit: number): number {
  return (bytes.readUInt16BE(bit >> 3) >> (8 - (bit & 7))) & 0xff
}

test('an AVIF with colour numbers shows the same samples, with and without transparency, lossless and lossy', async () => {
  for (const channels of [3, 4] as const) {
    for (const lossless of [true, false]) {
      const data = Uint8Array.from({ length: 24 * 16 * channels }, (_, at) => (at * 37) % 256)
      const plain = await sharp(data, { raw: { width: 24, height: 16, channels } })
        .avif({ lossless })
        .toBuffer()
      const signed = await signAvif(plain, { primaries: 12, transfer: 13 })
      assertSame(await inspect(signed), await inspect(plain))
      const { cicp } = (await readAvifCoding(bytesSource(signed))) ?? assert.fail()
      assert.deepEqual(cicp, { primaries: 12, transfer: 13, matrix: lossless ? 0 : 6, isFullRange: true })
    }
  }
})

test('wide colours without a profile get a profile in formats without colour numbers, and become sRGB in GIF', async () => {
  // The red of Display P3 is outside sRGB.
  for (const type of ['jpeg:100', 'webp:100', 'tiff']) {
    const result = await bytesOf(await avif('p3'), `format:${type}`)
    assert.ok((await sharp(result).metadata()).icc, type)
    const shown = await sharp(result).toColourspace('srgb').raw().toBuffer()
    const own = await sharp(result, { ignoreIcc: true }).raw().toBuffer()
    assert.ok((shown[0] ?? 0) >= 254 && (own[0] ?? 0) < 255 && (shown[1] ?? 255) < 8, type)
  }
  const gif = await bytesOf(await avif('p3'), 'format:gif')
  assert.equal((await sharp(gif).metadata()).icc, undefined)
})

test('premultiplied alpha is undone', async () => {
  const png = await bytesOf(await avif('premultiplied'), 'format:png')
  const { samples } = await inspect(png)
  assert.deepEqual([...samples.subarray(0, 4)], [255, 0, 2, 128])
  const again = await bytesOf(await avif('premultiplied'), 'flip,flip')
  assert.equal((await readAvifCoding(bytesSource(again)))?.isPremultiplied, false)
  const after = (await inspect(again)).samples
  assert.ok((after[0] ?? 0) > 240 && Math.abs((after[3] ?? 0) - 128) <= 2)
})

test('a PNG of linear samples keeps them and gAMA if no operation computes colours', async () => {
  const file = await linear()
  for (const operation of geometric) {
    const result = await bytesOf(file, operation)
    assert.deepEqual(chunkOf(result, 'gAMA'), chunkOf(file, 'gAMA'), operation)
  }
  const twice = await bytesOf(await bytesOf(file, 'flip,swap-channels:bgr'), 'flip')
  assertSame(await inspect(twice), permuted(await inspect(file), 'bgr'))
})

test('linear samples become sRGB if colours are computed, and in every other format', async () => {
  const file = await linear()
  const samples = Uint8Array.from((await inspect(file)).samples, (level, at) =>
    at % 4 === 3 ? level : Math.round(255 * encodeSrgb(level / 255)),
  )
  const applied = { ...(await inspect(file)), samples }
  for (const type of ['tiff', 'png']) {
    const result = await bytesOf(file, `invert,invert,format:${type}`)
    assert.equal(chunkOf(result, 'gAMA'), undefined)
    assertSame({ ...(await inspect(result)), format: '' }, { ...applied, format: '' })
  }
  for (const type of ['jpeg:100', 'webp:100', 'avif:100']) {
    const result = await inspect(await bytesOf(file, `format:${type}`))
    const error = meanError(result, applied)
    assert.ok(error < 12, `${type} is off by ${error}`)
  }
})

test('colour numbers that do not exist count as unspecified', async () => {
  const file = await avif('p3')
  const primariesAt = file.indexOf('nclx') + 4
  file.writeUInt16BE(256, primariesAt)
  const flipped = await readAvifCoding(bytesSource(await bytesOf(file, 'flip')))
  assert.deepEqual([flipped?.cicp.primaries, flipped?.cicp.transfer], [1, 13])
})

test('a gAMA that would make everything black or white is ignored', async () => {
  const plain = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#804020' } })
    .png()
    .toBuffer()
  for (const value of [0, 15, 625_000_001, 0xffffffff]) {
    const gamma = Buffer.alloc(4)
    gamma.writeUInt32BE(value)
    const file = Buffer.concat([plain.subarray(0, 33), chunk('gAMA', gamma), plain.subarray(33)])
    assertSame(
      await inspect(await bytesOf(file, 'invert,invert,format:tiff')),
      await inspect(await bytesOf(plain, 'invert,invert,format:tiff')),
      `gAMA ${value}`,
    )
  }
})

test('the usual gAMA and cHRM of sRGB change no sample, and stay in PNG', async () => {
  const plain = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#804020' } })
    .png()
    .toBuffer()
  const [gamma, chromaticities] = [Buffer.alloc(4), Buffer.alloc(32)]
  gamma.writeUInt32BE(45_455)
  const usual = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000]
  for (const [index, value] of usual.entries()) chromaticities.writeUInt32BE(value, 4 * index)
  const file = Buffer.concat([
    plain.subarray(0, 33), chunk('gAMA', gamma), chunk('cHRM', chromaticities), plain.subarray(33),
  ]) // biome-ignore format: a list
  const flipped = await bytesOf(file, 'flip')
  assert.deepEqual([chunkOf(flipped, 'gAMA'), chunkOf(flipped, 'cHRM')], [gamma, chromaticities])
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
  assert.deepEqual([...(chunkOf(flipped, 'cICP') ?? [])], [9, 1, 0, 1])
  assert.deepEqual((await sharp(flipped).metadata()).icc, icc)
  const tiff = await bytesOf(file, 'format:tiff')
  assert.deepEqual((await sharp(tiff).metadata()).icc, Buffer.from(makeProfile(colour.space)))
})

test('cICP in a PNG that leaves the colours unspecified does not replace its profile', async () => {
  const plain = await sharp(await linear())
    .withIccProfile('p3')
    .png()
    .toBuffer()
  const file = Buffer.concat([
    plain.subarray(0, 33),
    chunk('cICP', Buffer.of(2, 2, 0, 1)),
    plain.subarray(33),
  ])
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
  const file = Buffer.concat([plain.subarray(0, 33), damaged, plain.subarray(33)])
  for (const operation of ['swap-channels:rgb', 'flip', 'invert', 'format:tiff'])
    assert.deepEqual(await bytesOf(file, operation), await bytesOf(plain, operation), operation)
})

test('converted samples equal those that lcms makes with the profile that the worker writes', async () => {
  const spaces = [[12, 13], [9, 14], [1, 4], [5, 5], [11, 13], [4, 4]] // biome-ignore format: a list
  for (const [primaries = 1, transfer = 13] of spaces) {
    const space = spaceOfNumbers({ primaries, transfer })
    const samples = Uint8Array.from({ length: 3 * 17 ** 3 }, (_, at) => {
      const pixel = Math.floor(at / 3)
      return (
        [15 * (pixel % 17), 15 * (Math.floor(pixel / 17) % 17), 15 * Math.floor(pixel / 289)][at % 3] ?? 0
      )
    })
    const size = { width: 289, height: 17 }
    const png = await sharp(samples, { raw: { ...size, channels: 3 } })
      .png()
      .toBuffer()
    const managed = await sharp(attachToPng(png, { icc: makeProfile(space) }))
      .toColourspace('srgb')
      .raw()
      .toBuffer()
    const raster: Raster = { ...size, data: samples.slice(), channels: 3, bits: 8, isGrey: false }
    const { data } = toSrgb(raster, { space })
    const worst = data.reduce((most, level, at) => Math.max(most, Math.abs(level - (managed[at] ?? 0))), 0)
    assert.ok(worst <= 2, `${primaries}/${transfer} is off by ${worst}`)
  }
})

test('HDR is mapped to the range of paper: black, white and grey stay so, and the order of lightness stays', () => {
  for (const transfer of [16, 18]) {
    const space: ColourSpace = spaceOfNumbers({ primaries: 9, transfer })
    const data = new Uint8Array(
      Uint16Array.from({ length: 3 * 1024 }, (_, at) => 64 * Math.floor(at / 3)).buffer,
    )
    const raster: Raster = { data, width: 1024, height: 1, channels: 3, bits: 16, isGrey: false }
    const shown = new Uint16Array(toSrgb(raster, { space }).data.buffer)
    const greens = shown.filter((_, at) => at % 3 === 1)
    for (let at = 0; at < shown.length; at++) {
      assert.ok(Math.abs((shown[at] ?? 0) - (greens[Math.floor(at / 3)] ?? 0)) <= 40)
    }
    assert.ok(greens.every((level, at) => at === 0 || level >= (greens[at - 1] ?? 0)))
    assert.deepEqual([greens[0], greens.at(-1)], [0, 65_535])
  }
})

test('the tone curve keeps dark values, never falls, and ends at paper white', () => {
  fc.assert(
    fc.property(fc.double({ min: paperWhite, max: brightest, noNaN: true }), peak => {
      const curve = toneCurve(peak)
      const steps = Array.from({ length: 200 }, (_, step) => ((step / 199) ** 4 * peak) / brightest)
      const shown = steps.map(curve)
      assert.ok(shown.every((light, at) => at === 0 || light >= (shown[at - 1] ?? 0) - 1e-12))
      assert.ok(Math.abs((shown.at(-1) ?? 0) * brightest - paperWhite) < 0.1)
      assert.equal(curve(10 / brightest), 10 / brightest)
    }),
  )
})

test('HDR becomes sRGB in formats without HDR: paper white is nearly white there', async () => {
  const level = Math.round(65_535 * encodePq(paperWhite / brightest))
  const samples = new Uint16Array(3 * 8 * 8).fill(level)
  const plain = await sharp(samples, { raw: { width: 8, height: 8, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  const numbers = { primaries: 9, transfer: 16 }
  const hdr = attachToPng(plain, { colour: { space: spaceOfNumbers(numbers), numbers } })
  for (const type of ['jpeg', 'webp', 'tiff', 'gif']) {
    const { samples } = await inspect(await bytesOf(hdr, `format:${type}`))
    const shown = (samples[0] ?? 0) / (samples instanceof Uint16Array ? 65_535 : 255)
    assert.ok(shown > 0.85 && shown < 1, `${type} shows ${shown}`)
  }
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
    fc.asyncProperty(fc.constantFrom(...pictures), chunks, async (picture, said) => {
      const written = Object.entries(said).map(([type, data]) => chunk(type, Buffer.from(data)))
      const file = Buffer.concat([picture.subarray(0, 33), ...written, picture.subarray(33)])
      for (const type of ['png', 'tiff', 'gif', 'jpeg']) {
        await inspect(await bytesOf(file, `crop:8x8,format:${type}`))
      }
    }),
    { numRuns: 60 },
  )
})

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function chunkOf(png: Uint8Array, type: string): Buffer | undefined {
  const bytes = Buffer.from(png)
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) !== type) continue
    return bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at))
  }
  return undefined
}
