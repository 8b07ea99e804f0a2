import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { overwriteNumbers } from '../../../src/develop/tiff/edit-tiff.ts'
import { joinPages } from '../../../src/develop/tiff/join-pages.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../src/develop/tiff/tiff-writer.ts'
import { assertSame, inspect, meanError, permuted } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { fixture, height, photo, tiffOf, width } from './tiff-files.ts'

test('pages of one size that are turned differently are each shown upright', async () => {
  const tiff = await fixture('two-orientations')
  const result = await bytesOf(tiff, 'swap-channels:rgb')
  const pages = tiffPages(tiff)
  assert.deepEqual(
    pages.map(({ orientation }) => orientation),
    [6, 1],
  )
  const written = tiffPages(result)
  assert.deepEqual(
    written.map(({ orientation }) => orientation),
    [1, 1],
  )
  for (const page of [0, 1]) {
    const upright = await sharp(tiff, { page }).autoOrient().raw().toBuffer()
    assert.deepEqual(await sharp(result, { page }).raw().toBuffer(), upright)
  }
})

test('pages that differ in size, depth, colours and compression stay as they are', async () => {
  const small = photo().resize(64, 48)
  const pages = [
    await photo().tiff({ compression: 'lzw' }).toBuffer(),
    await small.clone().toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer(),
    await small.clone().greyscale().tiff({ compression: 'none' }).toBuffer(),
    await small.clone().ensureAlpha(0.5).tiff({ compression: 'packbits' }).toBuffer(),
    await small.clone().tiff({ compression: 'jpeg', quality: 80 }).toBuffer(),
  ]
  const tiff = joinPages(pages)
  const result = await run(tiff, 'swap-channels')
  assert.equal(result.facts.frames, pages.length)
  for (const [page, file] of pages.entries()) {
    const before = permuted(await inspect(file), 'bgr')
    const after = await inspect(alone(result.bytes, page))
    if (page === 4) assert.ok(meanError(after, before) < 3)
    else assertSame(after, { ...before, format: 'tiff' }, `page ${page + 1}`)
  }
  await assert.rejects(run(tiff, 'format:webp'), {
    code: 'pages-differ',
    message: /^page 2 has 64 x 48 pixels, page 1 has 640 x 480 pixels: frames of webp must be alike/,
  })
  assert.equal((await run(tiff, 'format:png')).facts.width, width)
})

test('reduced versions of a page are left out, as they would show the original', async () => {
  const pyramid = await photo()
    .tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64, compression: 'deflate' })
    .toBuffer()
  const { facts } = await run(pyramid, 'crop:40x40')
  assert.deepEqual(facts, { contentType: 'image/tiff', width: 40, height: 40, frames: 1 })
})

test('the picture of a TIFF is its first page that is not a thumbnail', async () => {
  const picture = await photo()
    .withExif({ IFD0: { Artist: 'Ada' } })
    .tiff()
    .toBuffer()
  const thumbnail = alone(tiffOf(2, [1, 2, 3, 4, 5, 6], [], [longsEntry(254, 1)]), 0)
  const tiff = joinPages([thumbnail, picture])
  for (const operations of [
    'swap-channels',
    'flip',
    'swap-channels,format:png',
    'format:jpeg,metadata:keep',
  ]) {
    const { bytes, facts } = await run(tiff, operations)
    assert.deepEqual([facts.width, facts.height, facts.frames], [width, height, 1], operations)
    assert.deepEqual(bytes, (await run(picture, operations)).bytes, operations)
  }
  const header = await readImageHeader(bytesSource(tiff))
  assert.deepEqual([header.width, header.height], [width, height])
})

test('a directory without a size is left out: a thumbnail like those in EXIF, or only metadata', async () => {
  const picture = await photo().tiff().toBuffer()
  const jpeg = await photo().resize(16).jpeg().toBuffer()
  const thumbnail = encodeTiff(writer => [
    shortsEntry(259, 6),
    ...[longsEntry(513, writer.append(jpeg)), longsEntry(514, jpeg.length)],
  ])
  const metadata = encodeTiff(() => [{ tag: 270, type: 2, count: 5, value: Buffer.from('text\0') }])
  for (const added of [thumbnail, metadata])
    for (const operations of ['swap-channels', 'flip', 'format:png', 'format:webp'])
      assert.deepEqual(
        await run(joinPages([picture, added]), operations),
        await run(picture, operations),
        operations,
      )
})

test('a camera raw file fails with this reason, instead of becoming its thumbnail', async () => {
  const error = { code: 'unsupported-image', message: /^the TIFF is a camera raw file/ }
  const reduced = longsEntry(254, 1)
  for (const entry of [longsEntry(330, 8), longsEntry(50_706, 1)])
    for (const operations of ['swap-channels', 'flip', 'format:png'])
      await assert.rejects(run(tiffOf(2, [1, 2, 3, 4, 5, 6], [], [reduced, entry]), operations), error)
  await run(tiffOf(2, [1, 2, 3, 4, 5, 6], [], [reduced]), 'flip')
})

test('a page that is a mask for another page is left out, as libvips reads no masks', async () => {
  const page = await photo().tiff().toBuffer()
  const mask = await photo().threshold().toColourspace('b-w').tiff({ bitdepth: 1 }).toBuffer()
  setNumber(mask, 262, 4)
  for (const operations of ['swap-channels', 'crop:40x40']) {
    const { bytes } = await run(joinPages([page, mask]), operations)
    assert.deepEqual(bytes, (await run(page, operations)).bytes, operations)
  }
})

test('the limits apply to the results of all pages together', async () => {
  const pages = await Promise.all(
    [10, 40].map(side =>
      sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
        .tiff()
        .toBuffer(),
    ),
  )
  await run(joinPages(pages), 'resize:100x100:enlarge', { maxPixels: 20_000 })
  await assert.rejects(run(joinPages(pages), 'resize:100x100:enlarge', { maxPixels: 19_999 }), {
    code: 'too-many-pixels',
  })
})

/** Overwrites the number of a tag on the first page. */
function setNumber(tiff: Buffer, wanted: number, number: number): void {
  const entry = tiffPages(tiff)[0]?.directory.entries.find(({ tag }) => tag === wanted)
  overwriteNumbers(tiff, entry ?? assert.fail(), [number])
}

/** One page in a separate file. */
function alone(tiff: Uint8Array, page: number): Uint8Array {
  const { at, nextAt } = tiffPages(tiff)[page]?.directory ?? { at: 0, nextAt: 0 }
  const copy = Buffer.from(tiff)
  copy.writeUInt32LE(at, 4)
  copy.writeUInt32LE(0, nextAt)
  return copy
}
