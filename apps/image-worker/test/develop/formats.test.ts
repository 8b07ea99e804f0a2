import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import fc from 'fast-check'
import sharp from 'sharp'
import { overwriteNumbers } from '../../src/develop/tiff/edit-tiff.ts'
import type { TiffEntry } from '../../src/develop/tiff/tiff-directory.ts'
import { pageTags, type TiffPage, tiffPages } from '../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../src/develop/tiff/tiff-writer.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { assertSame, drawn, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { drawing, rasterFrom, rasterOf, rasters } from './rasters.ts'
import { bytesOf, run } from './run.ts'

const size = { width: 48, height: 32 }
const photo = () => generatedPhoto({ ...size, seed: 2 })

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
  const sevenSigned = encodeTiff(writer => [
    ...[longsEntry(256, 1), longsEntry(257, 1), shortsEntry(258, 32, 32, 32, 32, 32, 32, 32)],
    ...[shortsEntry(262, 1), longsEntry(273, writer.append(new Uint8Array(28))), shortsEntry(277, 7)],
    ...[longsEntry(279, 28), shortsEntry(338, 0, 0, 0, 0, 0, 0), shortsEntry(339, 2, 2, 2, 2, 2, 2, 2)],
  ])
  for (const [file, words] of [
    [tiff, /^samples that are signed integers of 8 bits are not supported/],
    [sevenSigned, /^samples that are signed integers of 32 bits are not supported/],
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
