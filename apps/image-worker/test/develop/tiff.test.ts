import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import { overwriteNumbers } from '../../src/develop/metadata/edit-tiff.ts'
import type { TiffEntry } from '../../src/develop/metadata/tiff-directory.ts'
import { longsEntry, shortsEntry, TiffWriter } from '../../src/develop/metadata/tiff-writer.ts'
import { encodeJpegPage } from '../../src/develop/tiff/encode-jpeg-page.ts'
import { joinPages } from '../../src/develop/tiff/join-pages.ts'
import { jpegSettings } from '../../src/develop/tiff/jpeg-settings.ts'
import { tiffPages } from '../../src/develop/tiff/tiff-page.ts'
import { assertSame, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { bytesOf, run } from './run.ts'

const fixture = (name: string) => readFile(new URL(`tiffs/${name}.tif`, import.meta.url))

const [width, height] = [640, 480]
const photo = () => sharp(photograph({ width, height, seed: 3 }), { raw: { width, height, channels: 3 } })

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

test('eight bits of CIELAB and ICCLAB become sRGB', async () => {
  const lab = await fixture('lab')
  const result = await inspectResult(await run(lab, 'swap-channels:rgb'))
  // The same values in 16 bits, which libvips converts itself.
  assert.deepEqual([...result.samples.subarray(0, 8)], [125, 239, 212, 255, 126, 239, 214, 255])
  const icc = tiffOf(9, [255, 128, 128, 0, 128, 128])
  assert.deepEqual((await inspect(await bytesOf(icc, 'format:png'))).samples, rgba([255, 255, 255, 0, 0, 0]))
})

test('YCbCr of whole chroma that is not JPEG becomes RGB', async () => {
  const { samples } = await inspect(await bytesOf(await fixture('ycbcr-whole'), 'swap-channels:rgb'))
  const at = 4 * (61 * 20 + 20)
  // As libtiff's own converter computes it.
  for (const [channel, value] of [0x6f, 0xa8, 0x7d, 0xff].entries())
    assert.ok(Math.abs((samples[at + channel] ?? 0) - value) <= 2)
})

test('an unspecified extra sample is not transparency, in any operation and format', async () => {
  const tiff = await fixture('infrared')
  for (const operations of ['swap-channels:rgb', 'flip,flip', 'format:png', 'format:jpeg', 'blur:0.3']) {
    const result = await bytesOf(tiff, operations)
    const { channels } = await sharp(result).metadata()
    assert.equal(channels, 3, operations)
    const at = 4 * (64 * 30 + 2)
    const pixel = [...(await inspect(result)).samples.subarray(at, at + 4)]
    const isNear = [233, 137, 216, 255].every((wanted, index) => Math.abs((pixel[index] ?? 0) - wanted) <= 12)
    assert.ok(isNear, `${operations}: ${pixel}`)
  }
  const grey = tiffOf(1, [10, 200, 20, 100], [0])
  assert.deepEqual((await inspect(await bytesOf(grey, 'flip'))).samples, rgba([10, 10, 10, 20, 20, 20]))
})

test('an unassociated extra sample stays transparency', async () => {
  const samples = [10, 20, 30, 40, 50, 60, 70, 80]
  const { samples: after } = await inspect(await bytesOf(tiffOf(2, samples, [2]), 'flip'))
  assert.deepEqual([...after], samples)
})

test('an image is accepted if libtiff only warns about a tag, or corrects it', async () => {
  const samples = [10, 20, 30, 40, 50, 60]
  const tags: TiffEntry[] = [
    { tag: 305, type: 2, count: 4, value: Buffer.from('Scan') }, // a text without a zero at its end
    shortsEntry(297, 3), // a page number without the number of pages
  ]
  for (const tag of tags) {
    const { samples: after } = await inspect(await bytesOf(tiffOf(2, samples, [], [tag]), 'flip'))
    assert.deepEqual(after, rgba(samples))
  }
  // Old files have transparency without declaring it.
  const transparent = [10, 20, 30, 40, 50, 60, 70, 80]
  assert.deepEqual([...(await inspect(await bytesOf(tiffOf(2, transparent), 'flip'))).samples], transparent)
})

for (const compression of ['none', 'packbits', 'ccittfax4', 'jpeg'] as const) {
  test(`odd tags that don't concern the pixels are harmless in a TIFF with the compression ${compression}`, async () => {
    const tiff = await photo()
      .toColourspace(compression === 'ccittfax4' ? 'b-w' : 'srgb')
      .tiff({ compression, quality: 90, ...(compression === 'ccittfax4' && { bitdepth: 1 }) })
      .toBuffer()
    const text = (tag: number, letters: string): TiffEntry => {
      return { tag, type: 2, count: letters.length, value: Buffer.from(letters) }
    }
    const oddities: Record<string, Buffer> = {
      'a text without a zero at its end': withTags(tiff, [text(305, 'Scanner 1')]),
      // Exif 2.32, 4.6.4 D: the photographer, a zero, the editor, a zero.
      'two names in a copyright': withTags(tiff, [text(33_432, 'Ann\0Bob\0')]),
      'a wrong count': withTags(tiff, [shortsEntry(297, 3)]),
      'an unknown type': withTags(tiff, [{ ...text(270, 'text'), type: 99 }]),
      'a wrong type': withTags(tiff, [shortsEntry(340, 0)]),
      'tags in another order': withTags(tiff, [], entries => entries.reverse()),
      'a tag that is repeated': withTags(tiff, [], entries => [...entries.slice(0, 1), ...entries]),
      'no next directory where it should be': withTags(tiff, [], entries => entries, 0xfffff0),
    }
    for (const operations of ['swap-channels:bgr', 'flip', 'format:auto']) {
      const wanted = await inspect(await bytesOf(tiff, operations))
      for (const [oddity, odd] of Object.entries(oddities))
        assertSame(await inspect(await bytesOf(odd, operations)), wanted, `${oddity}, ${operations}`)
    }
    const kept = await bytesOf(oddities['a text without a zero at its end'] ?? tiff, 'flip,metadata:keep')
    assert.ok(Buffer.from(kept).includes('Scanner 1'))
  })
}

test('a damaged TIFF fails with odd tags, too', async () => {
  const tiff = await photo().tiff({ compression: 'packbits' }).toBuffer()
  const odd = withTags(tiff, [{ tag: 305, type: 2, count: 4, value: Buffer.from('Scan') }])
  const [page] = tiffPages(odd)
  const { at = 0, bytes = 0 } = page?.segments[0] ?? {}
  odd.fill(0x7f, at, at + bytes)
  await assert.rejects(run(odd, 'flip'), { code: 'undecodable-image' })
})

/** The TIFF, which has one page, with more tags; the entries of its directory are then changed, 12 bytes each. */
function withTags(
  tiff: Buffer,
  added: readonly TiffEntry[],
  change: (entries: Buffer[]) => Buffer[] = entries => entries,
  next = 0,
): Buffer {
  const entries = tiffPages(tiff)[0]?.directory.entries ?? []
  const writer = new TiffWriter(tiff)
  const { at, nextAt } = writer.directory([...entries, ...added])
  const bytes = writer.bytes()
  const count = (nextAt - at - 2) / 12
  const written = Array.from({ length: count }, (_, index) =>
    Buffer.from(bytes.subarray(at + 2 + 12 * index, at + 14 + 12 * index)),
  )
  const changed = change(written)
  const head = Buffer.alloc(2)
  head.writeUInt16LE(changed.length)
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(next)
  bytes.writeUInt32LE(at, 4)
  return Buffer.concat([bytes.subarray(0, at), head, ...changed, tail])
}

test('premultiplied colours are divided by their alpha once', async () => {
  const tiff = tiffOf(2, [50, 100, 0, 100, 0, 0, 0, 0], [1])
  assert.deepEqual([...(await inspect(await bytesOf(tiff, 'flip'))).samples], [127, 255, 0, 100, 0, 0, 0, 0])
})

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

test('a camera raw file fails with this reason, instead of becoming its thumbnail', async () => {
  const error = { code: 'unsupported-image', message: /^camera raw files are not supported/ }
  const reduced = longsEntry(254, 1)
  for (const entry of [longsEntry(330, 8), longsEntry(50_706, 1)])
    for (const operations of ['swap-channels', 'flip', 'format:png'])
      await assert.rejects(run(tiffOf(2, [1, 2, 3, 4, 5, 6], [], [reduced, entry]), operations), error)
  await run(tiffOf(2, [1, 2, 3, 4, 5, 6], [], [reduced]), 'flip')
})

test('samples of a colour filter array fail with this reason', async () => {
  const error = {
    code: 'unsupported-samples',
    message: 'pixels that are not grey, RGB, CMYK, Lab or XYZ are not supported',
  }
  await assert.rejects(run(tiffOf(32803, [1, 2]), 'flip'), error)
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

/** Two pixels side by side, eight bits a sample. */
function tiffOf(
  photometric: number,
  samples: number[],
  extraSamples: number[] = [],
  others: TiffEntry[] = [],
): Uint8Array {
  const channels = samples.length / 2
  const writer = new TiffWriter(Buffer.from('II*\0\0\0\0\0', 'latin1'))
  const offset = writer.append(Uint8Array.from(samples))
  const { at } = writer.directory([
    ...[longsEntry(256, 2), longsEntry(257, 1), shortsEntry(258, ...new Array(channels).fill(8))],
    ...[shortsEntry(259, 1), shortsEntry(262, photometric), longsEntry(273, offset)],
    ...[shortsEntry(277, channels), longsEntry(278, 1), longsEntry(279, samples.length), shortsEntry(284, 1)],
    ...others,
    ...(extraSamples.length > 0 ? [shortsEntry(338, ...extraSamples)] : []),
  ])
  const bytes = writer.bytes()
  bytes.writeUInt32LE(at, 4)
  return bytes
}

/** The raster with an opaque alpha channel. */
function rgba(colours: number[]): Uint8Array {
  return Uint8Array.from(colours.flatMap((sample, at) => (at % 3 === 2 ? [sample, 255] : [sample])))
}

test('invalid tags that do not concern the pixels are ignored, and so are missing byte counts', async () => {
  const { tiff, entry } = await plainTiff()
  const before = await inspect(tiff)
  const changes: Record<string, (tiff: Buffer) => void> = {
    'orientation 0': file => file.writeUInt16LE(0, entry(274)),
    'orientation 9': file => file.writeUInt16LE(9, entry(274)),
    'no unit of resolution': file => file.writeUInt16LE(0, entry(296)),
    'byte counts of 0': file => file.writeUInt32LE(0, entry(279)),
    'tags in another order': file => {
      const at = entry(274) - 8
      const [one, other] = [file.subarray(at, at + 12), file.subarray(at + 12, at + 24)].map(part => [
        ...part,
      ])
      file.set([...(other ?? []), ...(one ?? [])], at)
    },
  }
  for (const [oddity, change] of Object.entries(changes)) {
    const odd = Buffer.from(tiff)
    change(odd)
    assertSame(await inspectResult(await run(odd, 'swap-channels:bgr')), permuted(before, 'bgr'), oddity)
  }
})

test('TIFF samples of different numbers of bits fail with this reason', async () => {
  const { tiff, entry } = await plainTiff()
  for (const [channel, bits] of [5, 6, 5].entries()) tiff.writeUInt16LE(bits, entry(258) + 2 * channel)
  await assert.rejects(run(tiff, 'flip'), /3 samples of 5 bits a pixel are not supported/)
})

/** An uncompressed TIFF in one strip, and the positions of the values of its tags. */
async function plainTiff(): Promise<{ tiff: Buffer; entry: (tag: number) => number }> {
  const tiff = await photo().resize(16, 12).tiff({ compression: 'none', xres: 10, yres: 10 }).toBuffer()
  return { tiff, entry: tag => tiffPages(tiff)[0]?.directory.entries.find(e => e.tag === tag)?.valueAt ?? 0 }
}

test('a TIFF compressed with Zstandard is developed exactly, and refused if it is damaged', async () => {
  const tiff = await fixture('zstd-tiled')
  const { width, height, samples } = await inspectResult(await run(tiff, 'swap-channels:bgr'))
  assert.deepEqual([width, height], [24, 20])
  const wanted = Array.from({ length: width * height }, (_, at) => [
    200,
    12 * Math.floor(at / width),
    10 * (at % width),
    255,
  ])
  assert.deepEqual([...samples], wanted.flat())
  const [segment] = tiffPages(tiff)[0]?.segments ?? []
  tiff.fill(0, segment?.at, (segment?.at ?? 0) + 4)
  await assert.rejects(run(tiff, 'flip'), /cannot be unpacked with Zstandard/)
})
