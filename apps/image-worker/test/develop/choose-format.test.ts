// In its own process: the worker threads of other tests make SVG unreadable in their process.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import { joinPages } from '../../src/develop/tiff/join-pages.ts'
import { tiffPages } from '../../src/develop/tiff/tiff-page.ts'
import { longsEntry, TiffWriter } from '../../src/develop/tiff/tiff-writer.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { randomFrom } from '../seeded-random.ts'
import { animatedPng } from './animated-png.ts'
import { validFiles } from './hostile/valid-files.ts'
import { assertSame, inspect, inspectResult } from './inspect.ts'
import { bytesOf, run } from './run.ts'

const [width, height] = [200, 150]
const photo = () => generatedPhoto({ width, height, seed: 3 })
const drawing = (body: string, ground = '<rect width="200" height="150" fill="#fff"/>') =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${ground}${body}</svg>`,
    ),
  )
const shapes =
  '<circle cx="80" cy="70" r="50" fill="#d33"/><path d="M10 140 L190 120 L150 20 Z" fill="#36c"/>'

const chosen = async (file: Uint8Array, before = '') =>
  (await inspectResult(await run(file, `${before}format:auto`))).format

test('format:auto makes JPEGs of photographs and PNGs of drawings, from any lossless format', async () => {
  for (const [format, options] of [
    ['png', {}],
    ['tiff', { compression: 'lzw' }],
  ] as const) {
    assert.equal(await chosen(await photo().toFormat(format, options).toBuffer()), 'jpeg', format)
    assert.equal(await chosen(await photo().greyscale().toFormat(format, options).toBuffer()), 'jpeg', format)
    assert.equal(
      await chosen(await drawing(shapes).removeAlpha().toFormat(format, options).toBuffer()),
      'png',
      format,
    )
  }
  const deep = Uint16Array.from(photograph({ width, height, seed: 3 }), sample => sample * 257 + (sample % 7))
  const deepPng = await sharp(deep, { raw: { width, height, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  assert.equal(await chosen(deepPng), 'jpeg')
  assert.equal(await chosen(await drawing(shapes).gif().toBuffer()), 'png')
  // A photograph on an even background is still a photograph.
  const ground = { top: 20, bottom: 20, left: 60, right: 60, background: '#fff' }
  assert.equal(await chosen(await photo().extend(ground).png().toBuffer()), 'jpeg')
})

test('format:auto makes PNGs of images without gentle colours, down to a single pixel', async () => {
  const pattern = (width: number, height: number) => {
    const samples = Uint8Array.from(
      { length: width * height },
      (_, at) => 255 * ((at + Math.floor(at / width)) % 2),
    )
    return sharp(samples, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer()
  }
  for (const [width, height] of [
    [1, 1],
    [1, 40],
    [40, 1],
    [40, 40],
  ] as const)
    assert.equal(await chosen(await pattern(width, height)), 'png', `${width} x ${height}`)
})

test('format:auto keeps transparency, also when an operation adds it', async () => {
  const faded = await photo().ensureAlpha(0.5).png().toBuffer()
  const opaque = await photo().ensureAlpha(1).png().toBuffer()
  assert.equal(await chosen(faded), 'webp')
  assert.equal(await chosen(opaque), 'jpeg')
  assert.equal(await chosen(await photo().toColourspace('cmyk').jpeg().toBuffer()), 'jpeg')
  assert.equal(await chosen(opaque, 'round:20,'), 'webp')
  assert.equal(await chosen(await photo().jpeg().toBuffer(), 'pad:5:transparent,'), 'webp')
  assert.equal(await chosen(await photo().jpeg().toBuffer(), 'pad:5,'), 'jpeg')
  const drawn = await drawing(shapes, '').png().toBuffer()
  assertSame(await inspectResult(await run(drawn, 'format:auto')), await inspect(drawn))
})

test('format:auto makes WebP of animations: lossless of drawings, lossy of photographs', async () => {
  const gif = await sharp(
    [await drawing(shapes).png().toBuffer(), await drawing(shapes).flop().png().toBuffer()],
    { join: { animated: true } },
  )
    .gif({ delay: [50, 70], loop: 2 })
    .toBuffer()
  const result = await inspectResult(await run(gif, 'format:auto'))
  assertSame(result, { ...(await inspect(gif)), format: 'webp' })
  assert.equal(await chosen(animatedPng()), 'webp')
  const film = await sharp([await photo().png().toBuffer(), await photo().flop().png().toBuffer()], {
    join: { animated: true },
  })
    .webp({ lossless: true, delay: [50, 70] })
    .toBuffer()
  const { bytes, facts } = await run(film, 'format:auto')
  assert.deepEqual([facts.contentType, facts.frames], ['image/webp', 2])
  assert.ok(bytes.length < film.length / 2)
})

test('format:auto keeps the format of lossy originals and of documents with several pages', async () => {
  for (const format of ['jpeg', 'webp', 'avif'] as const)
    assert.equal(await chosen(await drawing(shapes).toFormat(format).toBuffer()), format)
  assert.equal(await chosen(await readFile(new URL('heic/samples/camera.heic', import.meta.url))), 'jpeg')
  const pages = await sharp([await photo().png().toBuffer(), await photo().flop().png().toBuffer()], {
    join: { animated: true },
  })
    .tiff({ compression: 'lzw' })
    .toBuffer()
  const { facts } = await run(pages, 'format:auto')
  assert.deepEqual([facts.contentType, facts.frames], ['image/tiff', 2])
})

test('format:auto uses a quality, and a later format wins', async () => {
  const png = await photo().png().toBuffer()
  const sizes = await Promise.all(
    ['format:auto:30', 'format:auto'].map(async text => (await bytesOf(png, text)).length),
  )
  assert.ok((sizes[0] ?? 0) < (sizes[1] ?? 0))
  assert.equal((await run(png, 'format:auto,format:webp')).facts.contentType, 'image/webp')
  assert.equal((await run(png, 'format:webp,format:auto')).facts.contentType, 'image/jpeg')
})

test('a damaged image fails the same with and without format:auto', async () => {
  const png = await photo().png().toBuffer()
  const damaged = png.subarray(0, png.length / 2)
  await assert.rejects(run(damaged, 'flip,format:auto'), UnusableImage)
  await assert.rejects(run(damaged, 'flip,format:jpeg'), UnusableImage)
})

test('format:auto develops every kind of file', async () => {
  for (const [name, file] of await validFiles(randomFrom(1)))
    await assert.doesNotReject(run(file, 'format:auto'), name)
})

test('format:auto chooses a format that has room for the result', async () => {
  const strip = (length: number, alpha?: number) => {
    const raw = { width: length, height: 4, channels: 3 } as const
    const image = generatedPhoto({ ...raw, seed: 3 })
    return (alpha === undefined ? image : image.ensureAlpha(alpha)).png().toBuffer()
  }
  assert.equal(await chosen(await strip(16_383, 0.5)), 'webp')
  assert.equal(await chosen(await strip(16_384, 0.5)), 'png')
  assert.equal(await chosen(await strip(16_384, 0.5), 'resize:100x,'), 'webp')
  assert.equal(await chosen(await strip(65_500)), 'jpeg')
  assert.equal(await chosen(await strip(65_501)), 'png')
  const one = await strip(16_384)
  const frames = [one, await sharp(one).flop().png().toBuffer()]
  const gif = await sharp(frames, { join: { animated: true } })
    .gif({ delay: [50, 70] })
    .toBuffer()
  const { facts } = await run(gif, 'format:auto')
  assert.deepEqual([facts.contentType, facts.frames], ['image/gif', 2])
  const webp = await photo().webp().toBuffer()
  assert.equal(await chosen(webp, 'pad:0:16383:0:0,'), 'jpeg')
  assert.equal(await chosen(webp, 'pad:0:16383:0:0:transparent,'), 'png')
})

test('format:auto depends on the picture of a TIFF, not on its thumbnail', async () => {
  for (const [image, format] of [
    [photo(), 'jpeg'],
    [drawing(shapes).removeAlpha(), 'png'],
  ] as const) {
    const picture = await image.clone().tiff({ compression: 'lzw' }).toBuffer()
    const thumbnail = await sharp({ create: { width: 20, height: 15, channels: 3, background: 'red' } })
      .tiff({ compression: 'jpeg' })
      .toBuffer()
    for (const pages of [
      [picture, asThumbnail(thumbnail)],
      [asThumbnail(thumbnail), picture],
    ]) {
      const { bytes, facts } = await run(joinPages(pages), 'format:auto')
      assert.deepEqual([facts.contentType, facts.frames], [`image/${format}`, 1])
      assert.equal((await sharp(bytes).metadata()).width, width)
    }
  }
})

/** TIFF 6.0, section 8: NewSubfileType 1 is a reduced version of another image. */
function asThumbnail(tiff: Buffer): Buffer {
  const writer = new TiffWriter(tiff)
  const { at } = writer.directory([longsEntry(254, 1), ...(tiffPages(tiff)[0]?.directory.entries ?? [])])
  const bytes = writer.bytes()
  bytes.writeUInt32LE(at, 4)
  return bytes
}
