import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import sharp from 'sharp'
import { reversed } from '../../../src/develop/tiff/for-libvips/segments.ts'
import type { TiffEntry } from '../../../src/develop/tiff/tiff-directory.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import {
  encodeTiff,
  longsEntry,
  shortsEntry,
  type TiffWriter,
} from '../../../src/develop/tiff/tiff-writer.ts'
import { inspect, inspectResult } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { fixture, plainTiff, rgba, tiffOf } from './tiff-files.ts'

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
  // The values are those of libtiff's own converter.
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

test('premultiplied colours are divided by their alpha once', async () => {
  const tiff = tiffOf(2, [50, 100, 0, 100, 0, 0, 0, 0], [1])
  assert.deepEqual([...(await inspect(await bytesOf(tiff, 'flip'))).samples], [127, 255, 0, 100, 0, 0, 0, 0])
})

test('samples of a colour filter array fail with this reason', async () => {
  const error = { code: 'unsupported-image', message: /^the TIFF is a camera raw file/ }
  await assert.rejects(run(tiffOf(32803, [1, 2]), 'flip'), error)
})

test('TIFF samples of different numbers of bits fail with this reason', async () => {
  const { tiff, entry } = await plainTiff()
  for (const [channel, bits] of [5, 6, 5].entries()) tiff.writeUInt16LE(bits, entry(258) + 2 * channel)
  await assert.rejects(run(tiff, 'flip'), /samples of 5 bits \(3 a pixel\) is not supported/)
})

test('a TIFF with a compression that is not supported fails with its name and a remedy', async () => {
  const names = {
    6: 'old-style JPEG without its tables',
    34712: 'JPEG 2000',
    34887: 'LERC',
    34925: 'LZMA',
    50002: 'JPEG XL',
  }
  for (const [compression, name] of Object.entries(names)) {
    const { tiff, entry } = await plainTiff()
    tiff.writeUInt16LE(Number(compression), entry(259))
    const message = `TIFFs compressed with ${name} (${compression}) are not supported; save the TIFF with LZW, Deflate or no compression`
    for (const operations of ['swap-channels:bgr', 'flip', 'format:png'])
      await assert.rejects(run(tiff, operations), { code: 'unsupported-compression', message })
  }
})

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

test('a TIFF of Zstandard fails if its directory has no room for the new position of its pixels', async () => {
  const strip = zstdCompressSync(Uint8Array.from([10, 20, 30, 40, 50, 60]))
  const tiff = (start: (writer: TiffWriter) => TiffEntry) =>
    Buffer.concat([
      encodeTiff(writer => [
        ...[longsEntry(256, 2), longsEntry(257, 1), shortsEntry(258, 8, 8, 8), shortsEntry(259, 50_000)],
        ...[shortsEntry(262, 2), start(writer), shortsEntry(277, 3), longsEntry(278, 1)],
        ...[longsEntry(279, strip.length), shortsEntry(284, 1)],
      ]),
      new Uint8Array(70_000),
    ])
  const roomy = tiff(writer => longsEntry(273, writer.append(strip)))
  assert.deepEqual(
    (await inspect(await bytesOf(roomy, 'format:png'))).samples,
    rgba([10, 20, 30, 40, 50, 60]),
  )
  const tight = tiff(writer => shortsEntry(273, writer.append(strip)))
  await assert.rejects(run(tight, 'flip'), /no room for the positions of the unpacked pixels/)
})

test('data of Zstandard whose low bits come first are developed exactly', async () => {
  const colours = [10, 20, 30, 40, 50, 60]
  const strip = reversed(zstdCompressSync(Uint8Array.from(colours)))
  const tiff = encodeTiff(writer => [
    ...[longsEntry(256, 2), longsEntry(257, 1), shortsEntry(258, 8, 8, 8), shortsEntry(259, 50_000)],
    ...[shortsEntry(262, 2), shortsEntry(266, 2), longsEntry(273, writer.append(strip))],
    ...[shortsEntry(277, 3), longsEntry(278, 1), longsEntry(279, strip.length), shortsEntry(284, 1)],
  ])
  for (const operations of ['format:png', 'swap-channels:rgb'])
    assert.deepEqual((await inspect(await bytesOf(tiff, operations))).samples, rgba(colours))
})
