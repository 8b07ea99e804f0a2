// Slow: it compares the losses of many encodings.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type AvifCoding, bytesSource, readAvifCoding } from '@darkroom/image-header'
import { photograph } from '@darkroom/testing'
import sharp, { type Sharp } from 'sharp'
import { avifQuality } from '../../src/develop/avif/avif-quality.ts'
import { jpegQuantisation } from '../../src/develop/jpeg/jpeg-quality.ts'
import { webpQuality } from '../../src/develop/webp/webp-quality.ts'
import type { ChannelOrder } from '../../src/permute/channel-order.ts'
import { permuteJpeg } from '../../src/permute/jpeg/permute-jpeg.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { noiseBytes } from '../permute/pictures.ts'
import { type Inspected, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { bytesOf, run } from './run.ts'

/** As a share of the original's size. */
const largestGrowth = 1.1
/** For settings that are given in the test and that `develop` must estimate: about the cost of a tenth of the quality. */
const tolerated = 1.15
/** How far, out of 255, equal runs of an encoder may differ. */
const noticeable = 0.05

const photo = (width = 320, height = 240) => generatedPhoto({ width, height, seed: 3 })

for (const chromaSubsampling of ['4:2:0', '4:4:4'] as const) {
  for (const progressive of [false, true]) {
    const kind = `${progressive ? 'progressive' : 'baseline'} JPEG in ${chromaSubsampling}`
    test(`${kind} loses as much as one encoding, in a file of its size, and keeps its kind`, async () => {
      for (const quality of [30, 50, 70, 82, 90, 95]) {
        const settings = { quality, progressive, chromaSubsampling }
        const result = await assertLosesLittle(await photo().jpeg(settings).toBuffer(), image =>
          image.jpeg(settings),
        )
        const written = await sharp(result).metadata()
        assert.equal(written.isProgressive, progressive)
        assert.equal(written.chromaSubsampling, chromaSubsampling)
        assert.deepEqual(jpegQuantisation(result), { table: 0, quality })
      }
    })
  }
}

test('JPEGs with other subsampling keep it, and lose as much as one encoding', async () => {
  for (const name of ['4-2-2', '4-4-0', '4-1-1', '4-1-0', '4-4-4-by-2x1', '4-2-2-by-2x2']) {
    const jpeg = await readFile(new URL(`subsampled/${name}.jpeg`, import.meta.url))
    const result = await assertLosesLittle(jpeg, image => image.jpeg({ quality: 75 }))
    assert.deepEqual(samplingOf(result), samplingOf(jpeg), name)
  }
})

test('a decoded JPEG keeps 4:4:4 also if all of its sampling factors are 2', async () => {
  const jpeg = await readFile(new URL('subsampled/4-4-4-by-2x1.jpeg', import.meta.url))
  for (const operations of ['blur', 'resize:20x', 'rotate:7'])
    assert.equal((await sharp(await bytesOf(jpeg, operations)).metadata()).chromaSubsampling, '4:4:4')
})

test('a JPEG whose permuted colours need more bytes is limited in size', async () => {
  const [width, height] = [96, 64]
  const blue = Uint8Array.from(noiseBytes(width * height * 3, 5), (level, at) => (at % 3 === 2 ? level : 0))
  const jpeg = await sharp(blue, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer()
  assert.ok(permuteJpeg(jpeg, 'rbg').length > jpeg.length * largestGrowth)
  const { bytes } = await run(jpeg, 'swap-channels:rbg')
  assert.ok(bytes.length <= jpeg.length * largestGrowth)
})

/** The factors of the three components (ITU-T T.81, B.2.2). */
function samplingOf(jpeg: Uint8Array): (number | undefined)[] {
  const frame = Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xc0))
  return [11, 14, 17].map(at => jpeg[frame + at])
}

test('files of mozjpeg keep its tables', async () => {
  for (const quality of [50, 75, 90]) {
    const mozjpeg = await photo().jpeg({ quality, mozjpeg: true }).toBuffer()
    const result = await assertLosesLittle(mozjpeg, image => image.jpeg({ quality, mozjpeg: true }))
    assert.deepEqual(jpegQuantisation(result), { table: 3, quality })
  }
})

test('a grey JPEG stays grey', async () => {
  const grey = await photo().toColourspace('b-w').jpeg({ quality: 70 }).toBuffer()
  const result = await assertLosesLittle(grey, image => image.toColourspace('b-w').jpeg({ quality: 70 }))
  assert.equal((await inspect(result)).isGrey, true)
})

test('a CMYK JPEG becomes sRGB, in which red and blue are swapped', async () => {
  for (const quality of [50, 90]) {
    const cmyk = await photo().toColourspace('cmyk').jpeg({ quality }).toBuffer()
    const result = await assertLosesLittle(cmyk, image => image.jpeg({ quality, chromaSubsampling: '4:4:4' }))
    assert.equal((await sharp(result).metadata()).space, 'srgb')
  }
})

test('the quality of a JPEG is read from its tables', async () => {
  const small = photo(16, 16)
  // Below this range nearly all steps are 255, above it nearly all are 1.
  for (let quality = 5; quality <= 97; quality++) {
    const libjpeg = await small.clone().jpeg({ quality }).toBuffer()
    const mozjpeg = await small.clone().jpeg({ quality, quantisationTable: 3 }).toBuffer()
    assert.deepEqual(jpegQuantisation(libjpeg), { table: 0, quality })
    assert.deepEqual(jpegQuantisation(mozjpeg), { table: 3, quality })
  }
})

test('the quality of a WebP is estimated from its segments', async () => {
  for (const effort of [0, 4]) {
    for (let quality = 5; quality <= 100; quality += 5) {
      const found = webpQuality(await photo().webp({ quality, effort }).toBuffer()) ?? 0
      assert.ok(Math.abs(found - quality) <= 2, `${found} instead of ${quality}`)
    }
  }
})

test('lossy WebP loses as much as one encoding, in a file of its size', async () => {
  for (const quality of [30, 50, 75, 90]) {
    const webp = await photo().webp({ quality }).toBuffer()
    await assertLosesLittle(webp, image => image.webp({ quality }))
  }
})

test('a WebP keeps its quality although its file is mostly metadata, which is dropped', async () => {
  const exif = { IFD0: { ImageDescription: 'x'.repeat(40_000) } }
  const file = await photo().withExif(exif).webp({ quality: 60 }).toBuffer()
  const { bytes } = await run(file, 'swap-channels:bgr')
  assert.ok(bytes.length < file.length / 2)
  const [before = 0, after = 0] = [webpQuality(file), webpQuality(bytes)]
  assert.ok(Math.abs(before - after) <= 2, `${before} became ${after}`)
})

test('lossy WebP keeps its transparency exactly', async () => {
  for (const quality of [40, 80]) {
    const webp = await transparentPhoto().webp({ quality }).toBuffer()
    const before = await inspect(webp)
    const result = await assertLosesLittle(webp, image => image.webp({ quality }))
    assert.deepEqual(alphaOf(await inspect(result)), alphaOf(before))
  }
})

test('animated lossy WebP keeps its frames, delays and loop, and loses as much as one encoding', async () => {
  const [width, height, frames] = [120, 80, 3]
  const pixels = photograph({ width, height: height * frames, seed: 5 })
  const raw = { width, height: height * frames, channels: 3, pageHeight: height } as const
  const settings = { quality: 60, delay: [40, 80, 120], loop: 3 }
  const webp = await sharp(pixels, { raw }).webp(settings).toBuffer()
  const result = await inspect(await assertLosesLittle(webp, image => image.webp(settings)))
  assert.deepEqual(result.delays, [40, 80, 120])
  assert.equal(result.loop, 3)
})

test('TIFF with JPEG inside stays TIFF with JPEG of the same quality', async () => {
  for (const quality of [40, 75, 92]) {
    const settings = { compression: 'jpeg', quality } as const
    const tiff = await photo().tiff(settings).toBuffer()
    await assertLosesLittle(tiff, image => image.tiff(settings))
  }
})

for (const bitdepth of [8, 10] as const) {
  for (const chromaSubsampling of ['4:2:0', '4:4:4'] as const) {
    test(`AVIF of ${bitdepth} bits in ${chromaSubsampling} keeps both, and loses as much as one encoding`, async () => {
      for (const quality of [40, 60, 80]) {
        const settings = { quality, bitdepth, chromaSubsampling, effort: 2 }
        const avif = await photo(240, 160).avif(settings).toBuffer()
        const result = await assertLosesLittle(avif, image => image.avif(settings))
        assert.equal((await sharp(result).metadata()).bitsPerSample, bitdepth)
        assert.equal((await codingOf(result)).subsampling, chromaSubsampling)
      }
    })
  }
}

test('AVIF keeps its quality through every kind of operation', async () => {
  for (const quality of [20, 45, 60, 85, 97]) {
    const avif = await photo(64, 48).avif({ quality, effort: 2 }).toBuffer()
    const { quantiser } = await codingOf(avif)
    for (const operations of ['swap-channels:bgr', 'flip', 'resize:40x30', 'tint:e0a060', 'metadata:keep']) {
      const { bytes } = await run(avif, operations)
      assert.equal((await codingOf(bytes)).quantiser, quantiser, operations)
    }
    const { bytes } = await run(avif, 'format:avif:70')
    assert.equal(avifQuality((await codingOf(bytes)).quantiser ?? 0), 70)
  }
})

test('AVIFs of other encoders keep their quantiser', async () => {
  for (const name of ['4-2-2', '4-4-4', 'hdr']) {
    const avif = await readFile(new URL(`avif/${name}.avif`, import.meta.url))
    const { bytes } = await run(avif, 'flip')
    const [before, after] = [await codingOf(avif), await codingOf(bytes)]
    assert.ok(Math.abs((before.quantiser ?? 0) - (after.quantiser ?? 255)) <= 4, name)
    assert.equal(after.subsampling, '4:4:4', 'libvips writes no 4:2:2')
  }
})

test('the quality of an AVIF falls as its quantiser grows, and is 1 to 100', () => {
  const qualities = Array.from({ length: 256 }, (_, index) => avifQuality(index))
  assert.deepEqual(
    qualities,
    qualities.toSorted((one, other) => other - one),
  )
  assert.deepEqual([qualities[0], qualities[255]], [100, 1])
})

async function codingOf(avif: Uint8Array): Promise<AvifCoding> {
  return (await readAvifCoding(bytesSource(avif))) ?? assert.fail('this is not an AVIF')
}

test('AVIF keeps its transparency, and grey AVIF stays without colour', async () => {
  const settings = { quality: 60, effort: 2 }
  const transparent = await transparentPhoto(48, 32).avif(settings).toBuffer()
  const result = await assertLosesLittle(transparent, image => image.avif(settings), 2)
  const [before, after] = [alphaOf(await inspect(transparent)), alphaOf(await inspect(result))]
  assert.ok(before.every((alpha, at) => Math.abs(alpha - (after[at] ?? 0)) <= 16))
})

test('the order rgb also loses as much as one encoding, and keeps the colours', async () => {
  const jpeg = await photo().jpeg({ quality: 80 }).toBuffer()
  const result = await inspectResult(await run(jpeg, 'swap-channels:rgb'))
  assert.ok(meanError(result, await inspect(jpeg)) < 1)
})

type Encode = (image: Sharp) => Sharp

/**
 * Checks that a permuted file is close to its permuted decode: closer than encoding that once with the original's own
 * settings, up to `factor`, in a file at most a tenth larger. Where the permuted colours alone need more bytes, only the
 * size is checked. Returns the result with order bgr.
 */
async function assertLosesLittle(
  file: Uint8Array,
  encodeAlike: Encode,
  factor = tolerated,
): Promise<Uint8Array> {
  const before = await inspect(file)
  await assertOrderLosesLittle('gbr')
  return assertOrderLosesLittle('bgr')

  async function assertOrderLosesLittle(order: ChannelOrder) {
    const wanted = permuted(before, order)
    const result = await run(file, `swap-channels:${order}`)
    const alike = await encodeAlike(imageOf(wanted)).toBuffer()
    const cost = meanError(await inspect(alike), wanted)
    const error = meanError(await inspectResult(result), wanted)
    const bound = alike.length > file.length * largestGrowth ? 3 * cost : factor * cost + noticeable
    assert.ok(error <= bound, `${order}: off by ${error}, where encoding is by ${cost}`)
    const growth = result.bytes.length / file.length
    assert.ok(growth <= largestGrowth, `${order}: ${growth} times as large`)
    return result.bytes
  }
}

function imageOf({ samples, width, height, frames, isDeep }: Inspected): Sharp {
  const pageHeight = frames > 1 ? { pageHeight: height } : {}
  const image = sharp(samples, { raw: { width, height: height * frames, channels: 4, ...pageHeight } })
  if (isDeep) image.toColourspace('rgb16')
  const opaque = isDeep ? 65_535 : 255
  return alphaOf({ samples, isDeep }).some(alpha => alpha < opaque) ? image : image.removeAlpha()
}

function alphaOf({ samples }: Pick<Inspected, 'samples' | 'isDeep'>): Uint8Array | Uint16Array {
  const alpha = samples.slice(samples.length - samples.length / 4)
  for (let at = 0; at < alpha.length; at++) alpha[at] = samples[4 * at + 3] ?? 0
  return alpha
}

/** Transparent on the left, opaque on the right, with few levels between. */
function transparentPhoto(width = 160, height = 120): Sharp {
  const pixels = photograph({ width, height, seed: 3 })
  const withAlpha = new Uint8Array((pixels.length / 3) * 4)
  for (let pixel = 0; pixel < pixels.length / 3; pixel++) {
    withAlpha.set(pixels.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel)
    withAlpha[4 * pixel + 3] = 64 + 63 * Math.floor((4 * (pixel % width)) / width)
  }
  return sharp(withAlpha, { raw: { width, height, channels: 4 } })
}

test('an AVIF of a transparent picture keeps the colours of its edges', async () => {
  const [width, height] = [64, 48]
  const picture = new Uint8Array(4 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const distance = Math.hypot((pixel % width) - 32, Math.floor(pixel / width) - 24)
    const opacity = Math.round(255 * Math.min(Math.max((18 - distance) / 2, 0), 1))
    if (opacity > 0) picture.set([200, 100, 50, opacity], 4 * pixel)
  }
  const raw = { width, height, channels: 4 } as const
  const file = await sharp(picture, { raw }).png().toBuffer()
  for (const operations of ['format:avif', 'pad:9,format:avif:30', 'rotate:20,format:avif:90']) {
    const { samples } = await inspect((await run(file, operations)).bytes)
    for (let at = 0; at < samples.length; at += 4) {
      const [red = 0, green = 0, blue = 0, opacity = 0] = samples.subarray(at, at + 4)
      const difference = Math.max(Math.abs(red - 200), Math.abs(green - 100), Math.abs(blue - 50))
      assert.ok(opacity < 128 || difference < 10, `${operations}: ${red}, ${green}, ${blue} at ${at / 4}`)
    }
  }
})
