import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { chunk, withChunks } from '../permute/png/png-assembler.ts'
import { colours, photo, size } from './coloured-photo.ts'
import { iccSegments } from './icc-profiles.ts'
import { assertSame, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { jpegWith } from './metadata-traces.ts'
import { run } from './run.ts'

/** The largest error, out of 255, that one more encoding makes here; P3 mistaken for sRGB makes more than 8. */
const formats: Record<string, { write: (image: Sharp) => Sharp; error: number }> = {
  jpeg: { write: image => image.jpeg({ quality: 95 }), error: 1.5 },
  png: { write: image => image.png(), error: 0 },
  webp: { write: image => image.webp({ lossless: true }), error: 2 },
  tiff: { write: image => image.tiff({ compression: 'lzw' }), error: 0 },
  avif: { write: image => image.avif({ quality: 80, effort: 1 }), error: 2.5 },
}

for (const profile of ['p3', 'srgb']) {
  for (const [name, { write }] of Object.entries(formats)) {
    test(`a ${name} in ${profile} keeps its values and its profile, in every format that can have one`, async () => {
      const file = await write(photo().withIccProfile(profile)).toBuffer()
      const { icc } = await sharp(file).metadata()
      assert.ok(icc)
      const before = await inspect(file)
      for (const [type, { error }] of Object.entries(formats)) {
        for (const operations of ['swap-channels:bgr', 'swap-channels:bgr,metadata:keep']) {
          const result = await run(file, `${operations},format:${type}${error > 0 ? ':95' : ''}`)
          assert.deepEqual((await sharp(result.bytes).metadata()).icc, icc, type)
          const off = meanError(await inspectResult(result), permuted(before, 'bgr'))
          assert.ok(off <= error, `off by ${off} in ${type}`)
        }
      }
    })
  }
}

test('16-bit PNG and TIFF keep values and profile, too', async () => {
  const { icc } = await sharp(await photo().withIccProfile('p3').png().toBuffer()).metadata()
  assert.ok(icc)
  const deep = Uint16Array.from(colours, (sample, at) => sample * 256 + (at % 256))
  const image = sharp(deep, { raw: { ...size, channels: 3 } }).toColourspace('rgb16')
  const plain = await image.png().toBuffer()
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('P3\0\0', 'latin1'), deflateSync(icc)]))
  const png = withChunks(plain, profile)
  for (const operations of [
    'swap-channels:gbr',
    'flip,swap-channels:gbr,flip',
    'swap-channels:gbr,format:tiff',
  ]) {
    const result = await run(png, operations)
    const { icc: kept, depth } = await sharp(result.bytes).metadata()
    assert.deepEqual([kept, depth], [icc, 'ushort'])
    const { format: _result, ...after } = await inspectResult(result)
    const { format: _png, ...before } = permuted(await inspect(png), 'gbr')
    assertSame({ ...after, format: '' }, { ...before, format: '' }, operations)
    // And further, from a TIFF.
    const again = await run(result.bytes, 'swap-channels:bgr')
    assert.deepEqual((await sharp(again.bytes).metadata()).icc, icc)
    assertSame(await inspectResult(again), permuted(await inspect(result.bytes), 'bgr'))
  }
})

test('a TIFF of several pages keeps its values and its profile, on every page', async () => {
  const pages = { raw: { ...size, channels: 3, pageHeight: size.height / 4 } } as const
  for (const compression of ['lzw', 'deflate', 'none'] as const) {
    const file = await sharp(colours, pages).withIccProfile('p3').tiff({ compression }).toBuffer()
    const { icc } = await sharp(file).metadata()
    assert.ok(icc)
    for (const operations of [
      'swap-channels:gbr',
      'swap-channels:gbr,metadata:keep',
      'flip,swap-channels:gbr,flip',
    ]) {
      const result = await run(file, operations)
      assertSame(await inspectResult(result), permuted(await inspect(file), 'gbr'), operations)
      for (let page = 0; page < 4; page++) {
        assert.deepEqual((await sharp(result.bytes, { page }).metadata()).icc, icc)
      }
    }
  }
})

test('GIF has no profile: colours become sRGB', async () => {
  const file = await photo().withIccProfile('p3').png().toBuffer()
  const result = await run(file, 'format:gif')
  assert.equal((await sharp(result.bytes).metadata()).icc, undefined)
  const srgb = await sharp(file).toColourspace('srgb').png().toBuffer()
  assert.ok(meanError(await inspectResult(result), await inspect(srgb)) < 4)
})

for (const [depth, colourspace] of [
  ['8 bits', 'srgb'],
  ['16 bits', 'rgb16'],
] as const) {
  test(`a GIF of an image of ${depth} with a profile has the colours of sRGB`, async () => {
    const create = { width: 8, height: 8, channels: 3, background: '#c83c28' } as const
    const image = sharp({ create }).toColourspace(colourspace).withIccProfile('p3')
    for (const format of ['png', 'tiff'] as const) {
      const { bytes } = await run(await image.clone().toFormat(format).toBuffer(), 'format:gif')
      const [red = 0, green = 0, blue = 0] = await sharp(bytes).removeAlpha().raw().toBuffer()
      const isNear = Math.abs(red - 200) < 3 && Math.abs(green - 60) < 3 && Math.abs(blue - 40) < 3
      assert.ok(isNear, `${format}: ${[red, green, blue]}`)
    }
  })
}

test('a CMYK JPEG becomes sRGB by its profile, which is then dropped', async () => {
  const file = await photo().toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer()
  const { space, icc } = await sharp(file).metadata()
  assert.deepEqual([space, icc !== undefined], ['cmyk', true])
  const srgb = await sharp(file).toColourspace('srgb').png().toBuffer()
  for (const type of ['jpeg', 'png', 'webp', 'tiff']) {
    const result = await run(file, `swap-channels:bgr,format:${type}:95`)
    assert.ok(meanError(await inspectResult(result), permuted(await inspect(srgb), 'bgr')) < 3, type)
    const written = await sharp(result.bytes).metadata()
    assert.deepEqual([written.space, written.icc], ['srgb', undefined])
  }
})

test('a profile larger than one JPEG segment is divided among several', async () => {
  const { icc: small } = await sharp(await photo().withIccProfile('p3').png().toBuffer()).metadata()
  assert.ok(small)
  const large = withPadding(small, 150_000)
  const file = jpegWith(await photo().jpeg({ quality: 90 }).toBuffer(), iccSegments(large))
  assert.deepEqual((await sharp(file).metadata()).icc, large)
  for (const type of ['jpeg', 'png', 'webp', 'tiff', 'avif']) {
    const { bytes } = await run(file, `swap-channels:bgr,format:${type}`)
    assert.deepEqual((await sharp(bytes).metadata()).icc, large, type)
  }
})

test('a grey result with a colour profile has three channels, as the profile needs', async () => {
  const result = await run(await photo().withIccProfile('p3').png().toBuffer(), 'greyscale')
  await inspectResult(result)
  const { channels, icc } = await sharp(result.bytes).metadata()
  assert.deepEqual([channels, icc !== undefined], [3, true])
})

test('an invalid colour profile is not attached to the result', async () => {
  const result = await run(
    jpegWith(await photo().jpeg().toBuffer(), iccSegments(randomBytes(500))),
    'swap-channels:bgr',
  )
  await inspectResult(result)
  assert.equal((await sharp(result.bytes).metadata()).icc, undefined)
})

/** A profile with extra bytes after its last tag, which its header counts (ICC.1:2022, 7.2.2). */
function withPadding(icc: Buffer, bytes: number): Buffer {
  const larger = Buffer.concat([icc, Buffer.alloc(bytes - icc.length, 0x5a)])
  larger.writeUInt32BE(bytes, 0)
  return larger
}
