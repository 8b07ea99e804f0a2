import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import { photograph } from '@darkroom/testing'
import fc from 'fast-check'
import sharp from 'sharp'
import { usualResult } from '../../src/develop/format-abilities.ts'
import { jpegQuantisation } from '../../src/develop/jpeg/jpeg-quality.ts'
import { overwriteNumbers } from '../../src/develop/metadata/edit-tiff.ts'
import type { TiffEntry } from '../../src/develop/metadata/tiff-directory.ts'
import { pageTags, type TiffPage, tiffPages } from '../../src/develop/tiff/tiff-page.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { streamPermuted } from '../../src/develop/ways/stream-permuted.ts'
import { riffChunks } from '../../src/develop/webp/riff-chunks.ts'
import { orders } from '../permute/pictures.ts'
import { chunk, splitChunks } from '../permute/png/png-assembler.ts'
import { assertSame, drawn, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { drawing, rasterFrom, rasterOf, rasters } from './rasters.ts'
import { bytesOf, limits, run } from './run.ts'

const size = { width: 48, height: 32 }
const photo = () => sharp(photograph({ ...size, seed: 2 }), { raw: { ...size, channels: 3 } })

test('every format can become every other, and shows the same picture', async () => {
  const files = {
    jpeg: await photo().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
    png: await photo().png().toBuffer(),
    webp: await photo().webp({ lossless: true }).toBuffer(),
    avif: await photo().avif({ quality: 90, effort: 1 }).toBuffer(),
    gif: await photo().gif().toBuffer(),
    tiff: await photo().tiff({ compression: 'lzw' }).toBuffer(),
  }
  for (const [from, file] of Object.entries(files)) {
    const before = await inspect(file)
    for (const to of outputFormats) {
      const result = await inspectResult(await run(file, `format:${to}`))
      assert.equal(result.format, to)
      const off = meanError({ ...result, format: before.format }, before)
      // PNG and TIFF are lossless; GIF has 256 colours, and the other formats encode lossily.
      const isExact = to === 'png' || to === 'tiff'
      assert.ok(isExact ? off === 0 : off < 6, `${from} in ${to} is off by ${off}`)
    }
  }
})

test('transparency becomes white in formats without it, also in deep and grey pictures', async () => {
  const rows = ['ff000000 ff0000ff', '00ff0000 0000ff80']
  const large = rows.flatMap(row =>
    new Array(8).fill(
      row
        .split(' ')
        .flatMap(pixel => new Array(8).fill(pixel))
        .join(' '),
    ),
  )
  for (const bits of [8, 16] as const) {
    const inBits = large.map(row => (bits === 8 ? row : row.replaceAll(/\w{2}/g, '$&$&')))
    const file = await drawing(rasterFrom(inBits, bits)).png().toBuffer()
    const { samples } = await inspectResult(await run(file, 'format:jpeg:100'))
    const at = (x: number, y: number) => [...samples.subarray((16 * y + x) * 4, (16 * y + x) * 4 + 3)]
    assert.ok(isNear(at(2, 2), [255, 255, 255]) && isNear(at(13, 2), [255, 0, 0]), `${bits} bits`)
    assert.ok(isNear(at(2, 13), [255, 255, 255]) && isNear(at(13, 13), [127, 127, 255]), `${bits} bits`)
  }
  const grey = await drawing(rasterFrom(new Array(16).fill(new Array(16).fill('0000').join(' '))))
    .png()
    .toBuffer()
  const result = await inspectResult(await run(grey, 'format:jpeg'))
  assert.equal(result.isGrey, true)
  assert.ok(isNear([...result.samples.subarray(0, 3)], [255, 255, 255]))
})

function isNear(sample: readonly number[], wanted: readonly number[]): boolean {
  return wanted.every((value, at) => Math.abs(value - (sample[at] ?? Number.NaN)) <= 6)
}

test('formats with transparency keep it', async () => {
  const raster = rasterOf({ ...size, frames: 1, channels: 4, bits: 8, seed: 4 })
  const file = await drawing(raster).png().toBuffer()
  const before = await inspect(file)
  for (const type of ['png', 'tiff']) {
    assertSame({ ...(await inspectResult(await run(file, `format:${type}`))), format: 'png' }, before)
  }
  for (const type of ['webp', 'avif', 'gif']) {
    const { samples } = await inspectResult(await run(file, `format:${type}:90`))
    for (let at = 3; at < samples.length; at += 4) {
      const [alpha, wanted] = [samples[at] ?? 0, before.samples[at] ?? 0]
      if (wanted === 0 || wanted === 255) assert.ok(Math.abs(alpha - wanted) <= 24, type)
    }
  }
})

test('an animation stays animated between GIF and WebP, with its delays and loop; other formats keep its first frame', async () => {
  const raster = rasterOf({ width: 12, height: 9, frames: 3, channels: 3, bits: 8, seed: 6 })
  const animation = { delay: [40, 80, 120], loop: 3 }
  const gif = await drawing(raster).gif(animation).toBuffer()
  const webp = await drawing(raster)
    .webp({ lossless: true, ...animation })
    .toBuffer()
  for (const [file, type] of [
    [gif, 'webp'],
    [webp, 'gif'],
    [gif, 'gif'],
    [webp, 'webp'],
  ] as const) {
    const result = await inspectResult(await run(file, `flip,format:${type}`))
    assert.deepEqual([result.frames, result.delays, result.loop], [3, [40, 80, 120], 3])
    assert.deepEqual([result.width, result.height], [12, 9])
  }
  for (const type of ['jpeg', 'png', 'avif'] as const) {
    const result = await inspectResult(await run(webp, `format:${type}:90`))
    assert.deepEqual([result.frames, result.width, result.height], [1, 12, 9])
  }
  const png = await inspectResult(await run(webp, 'format:png'))
  assertSame(
    { ...png, loop: undefined },
    { ...(await inspect(await sharp(webp, { page: 0 }).png().toBuffer())), loop: undefined },
  )
})

test('an animated PNG keeps its frames, or fails with a reason: it never loses frames', async () => {
  const png = animatedPng(await photo().png().toBuffer(), [0, 1, 2])
  const { bytes, facts } = await run(png, 'swap-channels:gbr')
  assert.equal(facts.frames, 2)
  assert.equal((await readImageHeader(bytesSource(bytes))).frames, 2)
  assert.equal((await run(png, 'format:webp')).facts.contentType, 'image/webp')
  const broken = animatedPng(await photo().png().toBuffer(), [0, 2, 1])
  for (const operations of ['swap-channels:gbr', 'flip'])
    await assert.rejects(run(broken, operations), /animation is not well formed: .*out of sequence/)
  // Other formats get the default image, which programs show that don't support animated PNG.
  assert.equal((await run(broken, 'format:webp')).facts.frames, 1)
})

/** The same picture twice, with these sequence numbers (PNG third edition, 11.3.6). */
function animatedPng(png: Buffer, sequence: readonly [number, number, number]): Buffer {
  const [header, ...rest] = splitChunks(png)
  const image = rest.filter(({ type }) => type === 'IDAT')
  const long = (...numbers: number[]) => {
    const bytes = Buffer.alloc(4 * numbers.length)
    for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
    return bytes
  }
  const control = (number: number) =>
    chunk('fcTL', Buffer.concat([long(number, size.width, size.height, 0, 0), Buffer.of(0, 1, 0, 10, 0, 0)]))
  assert.ok(header)
  return Buffer.concat([
    png.subarray(0, 8),
    ...[header.whole, chunk('acTL', long(2, 0)), control(sequence[0]), ...image.map(({ whole }) => whole)],
    ...[
      control(sequence[1]),
      chunk('fdAT', Buffer.concat([long(sequence[2]), ...image.map(({ data }) => data)])),
    ],
    chunk('IEND'),
  ])
}

test('a WebP keeps the shortest delays, also if frames are merged; a WebP made of a GIF shows them as long as browsers do', async () => {
  const picture = { width: 4, height: 4, channels: 3, bits: 8 } as const
  const [one, two] = [
    rasterOf({ ...picture, frames: 1, seed: 1 }),
    rasterOf({ ...picture, frames: 1, seed: 2 }),
  ]
  const samples = Uint8Array.from([one, two, two, one].flatMap(({ samples }) => [...samples]))
  const animation = drawing({ ...picture, frames: 4, samples })
  const delay = [0, 5, 0, 70]
  const webp = Buffer.from(await animation.webp({ lossless: true, delay: [20, 30, 40, 70] }).toBuffer())
  for (const [index, { data }] of framesOfWebp(webp).entries())
    data.writeUIntLE([0, 5, 70][index] ?? 0, 12, 3)
  for (const operations of ['flip', 'swap-channels:bgr', 'flip,format:webp:50']) {
    const { frames, delays } = await inspectResult(await run(webp, operations))
    assert.deepEqual([frames, delays], [3, [0, 5, 70]], operations)
  }
  const gif = await animation.gif({ delay }).toBuffer()
  const { delays } = await inspectResult(await run(gif, 'flip,format:webp'))
  assert.deepEqual(delays, [100, 100, 70])
})

function framesOfWebp(webp: Buffer) {
  return [...riffChunks(webp)].filter(({ type }) => type === 'ANMF')
}

test('frames that show the same picture may become one frame with their total delay', async () => {
  const still = rasterOf({ width: 8, height: 8, frames: 1, channels: 3, bits: 8, seed: 1 })
  const samples = Uint8Array.from([
    ...still.samples,
    ...still.samples,
    ...still.samples.map(sample => 255 - sample),
  ])
  const webp = await drawing({ ...still, frames: 3, samples })
    .webp({ lossless: true, delay: [50, 60, 70] })
    .toBuffer()
  const before = await inspect(webp)
  const { delays } = await inspectResult(await run(webp, 'swap-channels:bgr'))
  const total = (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0)
  assert.equal(total(delays), total(before.delays))
  assert.equal(total(delays), 180)
})

test('16 bits stay exact between PNG and TIFF; formats of 8 bits get the upper 8', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ bits: [16] }), async raster => {
      const png = await drawing(raster).png().toBuffer()
      const tiff = await bytesOf(png, 'format:tiff')
      const [before, between] = [await inspect(png), await inspect(tiff)]
      assertSame({ ...between, format: 'png' }, before)
      assertSame(await inspect(await bytesOf(tiff, 'format:png')), before)
    }),
    { numRuns: 40 },
  )
  const deep = rasterOf({ ...size, frames: 1, channels: 3, bits: 16, seed: 1 })
  const png = await drawing(deep).png().toBuffer()
  for (const type of ['jpeg', 'webp', 'gif']) {
    assert.equal((await inspectResult(await run(png, `format:${type}`))).isDeep, false)
  }
  const { bytes } = await run(png, 'format:avif')
  assert.equal((await sharp(bytes).metadata()).bitsPerSample, 10)
})

test('a requested quality is used', async () => {
  const png = await photo().png().toBuffer()
  const before = await inspect(png)
  for (const type of ['jpeg', 'webp', 'avif', 'tiff']) {
    const sizes: number[] = []
    const errors: number[] = []
    for (const quality of [10, 50, 85]) {
      const { bytes } = await run(png, `format:${type}:${quality}`)
      sizes.push(bytes.length)
      errors.push(meanError({ ...(await inspect(bytes)), format: 'png' }, before))
    }
    assert.deepEqual(
      sizes.toSorted((one, other) => one - other),
      sizes,
      type,
    )
    assert.deepEqual(
      errors.toSorted((one, other) => other - one),
      errors,
      type,
    )
  }
  const jpeg = await photo().jpeg({ quality: 90 }).toBuffer()
  const asked = await bytesOf(jpeg, 'swap-channels,format:jpeg:30')
  assert.equal(jpegQuantisation(asked)?.quality, 30)
})

test('a requested quality is used although the file grows', async () => {
  const poor = await photo().jpeg({ quality: 30 }).toBuffer()
  for (const operations of ['format:jpeg:90', 'swap-channels,format:jpeg:90'])
    assert.equal(jpegQuantisation(await bytesOf(poor, operations))?.quality, 90, operations)
  const avif = await photo().avif({ quality: 80 }).toBuffer()
  const [low, high] = [await bytesOf(avif, 'format:avif:20'), await bytesOf(avif, 'format:avif:80')]
  assert.ok(low.length < high.length / 2, `${low.length} and ${high.length} bytes`)
})

test('unsupported kinds of samples and numbers of channels are refused with a reason', async () => {
  const grey = { raw: { width: 4, height: 3, channels: 1 } } as const
  const tiff = await sharp(Buffer.alloc(12, 200), grey).toColourspace('b-w').tiff().toBuffer()
  const sampleFormat = tiff.indexOf(Buffer.of(0x53, 0x01, 3, 0, 1, 0, 0, 0, 1, 0))
  assert.ok(sampleFormat > 0)
  tiff[sampleFormat + 8] = 2 // signed
  const plane = Buffer.alloc(12, 9)
  const colours = sharp(Buffer.alloc(36, 7), { raw: { width: 4, height: 3, channels: 3 } })
  const five = await colours.joinChannel([plane, plane], grey).tiff({ compression: 'lzw' }).toBuffer()
  const [page] = tiffPages(five) as [TiffPage]
  const formats = page.directory.entries.find(({ tag }) => tag === pageTags.sampleFormat) as TiffEntry
  overwriteNumbers(five, formats, [4, 4, 4, 4, 4]) // undefined, so no sample can be left out
  for (const [file, words] of [
    [tiff, /^samples of the kind "char" are not supported/],
    [five, /^5 channels are not supported; images of this kind may have at most 4$/],
  ] as const) {
    for (const operations of ['swap-channels', 'resize:2x2', 'format:png']) {
      const isRefused = (error: unknown) =>
        error instanceof UnusableImage && error.code === 'unsupported-samples' && words.test(error.message)
      await assert.rejects(run(file, operations), isRefused, operations)
    }
  }
})

test('the last format operation wins', async () => {
  const png = await photo().png().toBuffer()
  const first = await inspectResult(await run(png, 'format:gif,swap-channels:bgr,format:webp'))
  assert.equal(first.format, 'webp')
  const result = await inspectResult(await run(png, 'format:jpeg,swap-channels:bgr,format:png'))
  assert.deepEqual(drawn(result), drawn(permuted(await inspect(png), 'bgr')))
})

test('a stream is permuted as exactly as a raster of any shape', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ bits: [8], frames: [1, 3] }), orders, async (raster, order) => {
      const image = drawing(raster)
      const files: Buffer[] = []
      if (raster.channels > 2)
        files.push(await image.clone().webp({ lossless: true, exact: true, delay: 40 }).toBuffer())
      if (raster.frames === 1) files.push(await image.clone().png().toBuffer())
      if (raster.frames === 1) files.push(await image.clone().tiff({ compression: 'lzw' }).toBuffer())
      for (const file of files) {
        const header = await readImageHeader(bytesSource(file))
        const output = { format: usualResult(header.format), metadata: 'strip' } as const
        const bytes = (await streamPermuted(file, header, order, output, limits)) ?? assert.fail()
        assertSame(await inspect(bytes), permuted(await inspect(file), order), header.format)
      }
    }),
    { numRuns: 40 },
  )
})

test('a streamed JPEG keeps its profile, and its EXIF if metadata is kept', async () => {
  const jpeg = await photo()
    .withIccProfile('p3')
    .withExifMerge({ IFD0: { Artist: 'Ada' } })
    .jpeg({ quality: 90 })
    .toBuffer()
  const header = await readImageHeader(bytesSource(jpeg))
  const before = await sharp(jpeg).metadata()
  assert.ok(before.icc && before.exif)
  for (const metadata of ['strip', 'keep'] as const) {
    const output = { format: usualResult(header.format), metadata }
    const after = await sharp(await streamPermuted(jpeg, header, 'bgr', output, limits)).metadata()
    assert.deepEqual(after.icc, before.icc)
    assert.equal(after.exif !== undefined, metadata === 'keep')
  }
})

test('a decoded PNG of gentle colours stays small in every kind of image, and is exact', async () => {
  const [width, height] = [320, 240]
  for (const [bits, channels] of [
    [8, 3],
    [8, 4],
    [16, 3],
    [8, 2],
  ] as const) {
    const kind = `${channels} channels of ${bits} bits`
    const most = 2 ** bits - 1
    const values = Array.from({ length: width * height * channels }, (_, at) => {
      const [x, y] = [Math.floor(at / channels) % width, Math.floor(at / (channels * width))]
      return (most * (1 + Math.sin((x + 40 * (at % channels)) / 97) * Math.cos(y / 61))) / 2
    })
    const samples = bits === 16 ? Uint16Array.from(values) : Uint8Array.from(values)
    const png = await sharp(samples, { raw: { width, height, channels } })
      .toColourspace(channels === 2 ? 'b-w' : bits === 16 ? 'rgb16' : 'srgb')
      .png({ adaptiveFiltering: true })
      .toBuffer()
    for (const operations of ['flip', 'flop,pad:3']) {
      const result = await bytesOf(png, operations)
      assert.ok(
        result.length < 1.5 * png.length,
        `${kind}, ${operations}: ${png.length}, then ${result.length}`,
      )
    }
    assertSame(await inspect(await bytesOf(png, 'flip,invert,flip,invert')), await inspect(png), kind)
  }
})
