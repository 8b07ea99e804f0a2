import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { attachMetadata } from '../../src/develop/metadata/attach.ts'
import { assemblePng, chunk, withChunks } from '../permute/png/png-assembler.ts'
import { assembleHeif, box, greyItem, tileItem } from './heic/heif-assembler.ts'
import { assertSame, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { jpegWith } from './metadata-traces.ts'
import { run } from './run.ts'

const size = { width: 96, height: 64 }
const photo = () => sharp(colours, { raw: { ...size, channels: 3 } })

/** Far from grey, where profiles differ most, and so smooth that encoding loses little. */
const colours = Uint8Array.from({ length: size.width * size.height * 3 }, (_, at) => {
  const [x, y] = [Math.floor(at / 3) % size.width, Math.floor(at / 3 / size.width)]
  const across = Math.round((255 * x) / (size.width - 1))
  return [across, Math.round((255 * y) / (size.height - 1)), 255 - across][at % 3] ?? 0
})

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

test('a colour profile is not attached to grey, nor an invalid profile to any image', async () => {
  const file = await photo().withIccProfile('p3').png().toBuffer()
  const { bytes } = await run(file, 'greyscale')
  await inspect(bytes)
  const broken = jpegWith(await photo().jpeg().toBuffer(), iccSegments(randomBytes(500)))
  await inspectResult(await run(broken, 'swap-channels:bgr'))
})

test('a grey profile stays with grey; otherwise the samples become sRGB', async () => {
  const linear = greyProfile()
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('grey\0\0', 'latin1'), deflateSync(linear)]))
  const levels = [0, 50, 100, 200, 255]
  const shown = [0, 122, 168, 229, 255]
  for (const bitDepth of [8, 16]) {
    const scale = bitDepth === 16 ? 257 : 1
    for (const colorType of [0, 4]) {
      const samples = levels.flatMap(level => [level, 255].slice(0, colorType === 4 ? 2 : 1))
      const picture = {
        width: 5,
        height: 1,
        colorType,
        bitDepth,
        samples: samples.map(level => level * scale),
      }
      const file = assemblePng(picture, { before: [profile] })
      const brightnesses = async (operations: string) => {
        const { bytes } = await run(file, operations)
        const { samples, isDeep } = await inspect(bytes)
        const { icc } = await sharp(bytes).metadata()
        return {
          icc,
          red: Array.from(
            samples.filter((_, at) => at % 4 === 0),
            red => red / (isDeep ? 257 : 1),
          ),
        }
      }
      for (const chain of ['flip', 'greyscale,format:tiff', 'pad:0:0:1:0:808080']) {
        const { icc, red } = await brightnesses(chain)
        assert.deepEqual([icc, red.slice(0, 5)], [linear, levels], `${chain} of ${colorType}/${bitDepth}`)
      }
      for (const chain of ['flip,format:webp:100', 'format:avif:100', 'format:gif', 'pad:0:0:1:0:ff0000']) {
        const { icc, red } = await brightnesses(chain)
        const off = Math.max(...shown.map((level, at) => Math.abs(level - (red[at] ?? 0))))
        assert.ok(icc === undefined && off <= 4, `${chain} of ${colorType}/${bitDepth}: ${red}`)
      }
      assert.equal((await brightnesses('tint:ff8000')).icc, undefined)
    }
  }
})

test('a grey profile of a coloured image is dropped, also from the grey that is made of it', async () => {
  const plain = await photo().jpeg().toBuffer()
  const file = jpegWith(plain, iccSegments(greyProfile()))
  for (const chain of [
    'greyscale',
    'greyscale,format:webp',
    'greyscale,format:tiff',
    'greyscale,format:gif',
  ]) {
    const { bytes } = await run(file, chain)
    assert.equal((await sharp(bytes).metadata()).icc, undefined, chain)
    assertSame(await inspect(bytes), await inspect((await run(plain, chain)).bytes), chain)
  }
})

test('a profile of other colours than red, green and blue is ignored in a coloured image', async () => {
  for (const space of ['XYZ ', 'Lab '])
    for (const format of ['png', 'tiff', 'jpeg', 'webp'] as const)
      for (const chain of ['format:gif', 'swap-channels:rgb', 'greyscale', 'tint:ff8000,format:gif']) {
        const plain = await photo().toFormat(format).toBuffer()
        const { bytes } = await run(
          attachMetadata(plain, format, { icc: identityProfile(space) }, size),
          chain,
        )
        const name = `${space} in ${format}, ${chain}`
        assert.equal((await sharp(bytes).metadata()).icc, undefined, name)
        assertSame(await inspect(bytes), await inspect((await run(plain, chain)).bytes), name)
      }
})

/** A profile whose colours are those of its connection space (ICC.1:2022, 10.12): three curves that change nothing. */
function identityProfile(space: string): Buffer {
  const header = Buffer.alloc(128)
  header.writeUInt32BE(0x0440_0000, 8)
  header.write(`abst${space}${space}`, 12, 'latin1')
  header.write('acsp', 36, 'latin1')
  const curve = Buffer.from('70617261000000000000000000010000', 'hex')
  const tag = Buffer.from(`6d414220000000000303000000000020${'00'.repeat(16)}`, 'hex')
  const table = Buffer.from('00000001413242300000009000000050', 'hex')
  const profile = Buffer.concat([header, table, tag, curve, curve, curve])
  profile.writeUInt32BE(profile.length)
  return profile
}

test('a grey profile of a HEIC is dropped if there are colours, otherwise the grey becomes sRGB', async () => {
  const profile = box('colr', 'prof', greyProfile())
  for (const [item, isConverted] of [
    [tileItem, false],
    [greyItem, true],
  ] as const)
    for (const chain of ['swap-channels:rgb', 'greyscale,format:png', 'format:webp:100']) {
      const { bytes } = await run(assembleHeif([item(profile)]), chain)
      assert.equal((await sharp(bytes).metadata()).icc, undefined, chain)
      const plain = await inspect((await run(assembleHeif([item()]), chain)).bytes)
      const expected = isConverted ? { ...plain, samples: plain.samples.map(fromLinear) } : plain
      assert.ok(meanError(await inspect(bytes), expected) < 2, `${chain}, ${isConverted}`)
    }
})

/** A sample of linear light in sRGB (IEC 61966-2-1). */
function fromLinear(sample: number): number {
  const light = sample / 255
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055))
}

/** A profile of linear grey (ICC.1:2022, 8.3.2), as far as decoders need it. */
function greyProfile(): Buffer {
  const profile = Buffer.alloc(128 + 4 + 2 * 12 + 20 + 12)
  profile.writeUInt32BE(profile.length)
  profile.writeUInt32BE(0x0240_0000, 8)
  profile.write('mntrGRAYXYZ ', 12, 'latin1')
  profile.write('acsp', 36, 'latin1')
  const white = Buffer.from('0000f6d6000100000000d32d', 'hex')
  white.copy(profile, 68)
  profile.writeUInt32BE(2, 128)
  for (const [index, [tag, at, bytes]] of [
    ['wtpt', 156, 20] as const,
    ['kTRC', 176, 12] as const,
  ].entries()) {
    profile.write(tag, 132 + 12 * index, 'latin1')
    profile.writeUInt32BE(at, 136 + 12 * index)
    profile.writeUInt32BE(bytes, 140 + 12 * index)
  }
  profile.write('XYZ ', 156, 'latin1')
  white.copy(profile, 164)
  profile.write('curv', 176, 'latin1')
  return profile
}

/** A profile with extra bytes after its last tag, which its header counts (ICC.1:2022, 7.2.2). */
function withPadding(icc: Buffer, bytes: number): Buffer {
  const larger = Buffer.concat([icc, Buffer.alloc(bytes - icc.length, 0x5a)])
  larger.writeUInt32BE(bytes, 0)
  return larger
}

/** ICC.1:2022, B.4 */
function iccSegments(icc: Buffer): { marker: number; data: Buffer }[] {
  const room = 60_000
  const count = Math.ceil(icc.length / room)
  return Array.from({ length: count }, (_, index) => {
    const head = Buffer.concat([Buffer.from('ICC_PROFILE\0', 'latin1'), Buffer.of(index + 1, count)])
    return { marker: 0xe2, data: Buffer.concat([head, icc.subarray(index * room, (index + 1) * room)]) }
  })
}
