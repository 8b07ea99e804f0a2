import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import { encodeJpegPage } from '../../../src/develop/tiff/encode-jpeg-page.ts'
import { jpegSettings } from '../../../src/develop/tiff/jpeg-settings.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { assertSame, inspect, inspectResult, meanError, permuted } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { fixture, height, photo, width } from './tiff-files.ts'

for (const chromaSubsampling of ['4:2:0', '4:4:4'] as const) {
  test(`JPEG in ${chromaSubsampling} inside TIFF keeps quality, sampling and size`, async () => {
    for (const quality of [60, 85, 90, 95]) {
      const tiff = await jpegTiff(quality, chromaSubsampling)
      for (const operations of ['swap-channels', 'flop']) {
        const result = await bytesOf(tiff, operations)
        assert.deepEqual(settingsOf(result), settingsOf(tiff), operations)
        const growth = result.length / tiff.length
        assert.ok(growth > 0.95 && growth < 1.08, `${operations} at ${quality}: ${growth} times as large`)
      }
      const [before, after] = [await inspect(tiff), await inspect(await bytesOf(tiff, 'swap-channels'))]
      assert.ok(meanError(after, permuted(before, 'bgr')) < 0.8)
    }
  })
}

test('tiles of JPEG stay tiles when their colours are permuted', async () => {
  const tiff = await fixture('jpeg-tiled')
  const result = await bytesOf(tiff, 'swap-channels')
  assert.equal(tiffPages(result)[0]?.segments.length, tiffPages(tiff)[0]?.segments.length)
  assert.deepEqual(settingsOf(result), settingsOf(tiff))
  assert.ok(result.length < 1.05 * tiff.length)
  assert.ok(meanError(await inspect(result), permuted(await inspect(tiff), 'bgr')) < 1)
})

test('a JPEG of red, green and blue inside TIFF is permuted exactly', async () => {
  const tiff = await photo().tiff({ compression: 'jpeg', quality: 92 }).toBuffer()
  assert.equal(settingsOf(tiff)?.isRgb, true)
  const result = await bytesOf(tiff, 'swap-channels:gbr')
  assert.equal(meanError(await inspect(result), permuted(await inspect(tiff), 'gbr')), 0)
  assert.ok(result.length <= tiff.length)
  assert.deepEqual(settingsOf(await bytesOf(tiff, 'flip')), settingsOf(tiff))
})

test('an image with transparency becomes JPEG inside TIFF on white', async () => {
  const background = { r: 200, g: 100, b: 50, alpha: 0.25 }
  const png = await sharp({ create: { width: 64, height: 64, channels: 4, background } })
    .png()
    .toBuffer()
  const { samples } = await inspect(await bytesOf(png, 'format:tiff:80'))
  for (const [channel, value] of [241, 216, 204, 255].entries())
    assert.ok(Math.abs((samples[channel] ?? 0) - value) <= 2, `${samples[channel]} instead of ${value}`)
})

test('a JPEG with transparency inside TIFF keeps it, as a lossless TIFF', async () => {
  const tiff = await fixture('jpeg-alpha')
  const before = await inspect(tiff)
  assert.ok(before.samples.some((sample, at) => at % 4 === 3 && sample < 255))
  for (const operations of ['swap-channels:bgr', 'flip,flip,swap-channels:bgr']) {
    const result = await run(tiff, operations)
    assertSame(await inspectResult(result), permuted(before, 'bgr'), operations)
    assert.equal(tiffPages(result.bytes)[0]?.compression, 8)
  }
})

test('each frame of an animation becomes a page of JPEG if a quality is given', async () => {
  const [side, frames] = [32, 3]
  const levels = Uint8Array.from({ length: frames * side * side * 3 }, (_, at) => {
    return 80 * Math.floor(at / (side * side * 3))
  })
  const raw = { width: side, height: side * frames, channels: 3, pageHeight: side } as const
  const webp = await sharp(levels, { raw }).webp({ lossless: true }).toBuffer()
  for (const quality of [60, 95]) {
    const { bytes, facts } = await run(webp, `format:tiff:${quality}`)
    assert.deepEqual([facts.frames, facts.width, facts.height], [frames, side, side])
    for (let page = 0; page < frames; page++) {
      const { data } = await sharp(bytes, { page }).raw().toBuffer({ resolveWithObject: true })
      assert.ok(Math.abs((data[0] ?? 0) - 80 * page) <= 2, `page ${page}`)
    }
  }
})

async function jpegTiff(quality: number, chromaSubsampling: '4:2:0' | '4:4:4'): Promise<Uint8Array> {
  const data = Uint8Array.from(photograph({ width, height, seed: 3 }))
  const raster = { data, width, height, bits: 8, isGrey: false } as const
  return encodeJpegPage(raster, strip => {
    const raw = { width: strip.width, height: strip.height, channels: 3 } as const
    return sharp(strip.data, { raw }).jpeg({ quality, chromaSubsampling }).toBuffer()
  })
}

function settingsOf(tiff: Uint8Array) {
  const [page] = tiffPages(tiff)
  assert.ok(page)
  return jpegSettings(tiff, page)
}
