import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { TiffEntry } from '../../../../src/develop/tiff/tiff-directory.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { longsEntry, shortsEntry, TiffWriter } from '../../../../src/develop/tiff/tiff-writer.ts'
import { inspect, inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'

const [width, height] = [40, 35]

for (const bits of [8, 16] as const) {
  for (const compression of ['none', 'lzw', 'deflate', 'packbits'] as const) {
    for (const predictor of compression === 'lzw' || compression === 'deflate'
      ? (['none', 'horizontal'] as const)
      : (['none'] as const)) {
      test(`tiles in separate planes of ${bits} bits (${compression}, predictor ${predictor}) are developed exactly`, async () => {
        const planes = [0, 1, 2].map(plane => samplesOf(plane, bits))
        const tiff = await planarTiff(planes, bits, { compression, predictor })
        const [red, green, blue] = planes as [Samples, Samples, Samples]
        assert.deepEqual(await pixelsOf(tiff, 'format:png'), interleaved([red, green, blue], bits))
        assert.deepEqual(await pixelsOf(tiff, 'swap-channels:bgr'), interleaved([blue, green, red], bits))
      })
    }
  }
}

for (const bits of [1, 2, 4, 6, 10, 12, 14]) {
  test(`samples of ${bits} bits are spread to ${bits > 8 ? 16 : 8}`, async () => {
    const most = 2 ** bits - 1
    const levels = Array.from({ length: 3 * width * height }, (_, at) => (at * 7) % (most + 1))
    const tiff = packedTiff(levels, bits)
    const whole = bits > 8 ? 65_535 : 255
    const expected = levels.flatMap((level, at) => {
      const spread = Math.round((level * whole) / most)
      return at % 3 === 2 ? [spread, whole] : [spread]
    })
    const { samples } = await inspectResult(await run(tiff, 'format:png'))
    assert.deepEqual([...samples], expected)
  })
}

for (const bits of [8, 16] as const)
  for (const photometric of [0, 1])
    test(`grey and its transparency in separate planes are developed exactly (${bits} bits, photometric ${photometric})`, async () => {
      const [grey, alpha] = [samplesOf(0, bits), samplesOf(1, bits)]
      const strips = [grey, alpha].map(plane => Buffer.from(plane.buffer))
      const tiff = tiffOf(bits, strips, (offsets, lengths) => [
        shortsEntry(258, bits, bits),
        shortsEntry(262, photometric),
        longsEntry(273, ...offsets),
        shortsEntry(277, 2),
        longsEntry(278, height),
        longsEntry(279, ...lengths),
        shortsEntry(284, 2),
        shortsEntry(338, 2),
      ])
      const most = 2 ** bits - 1
      const expected = Array.from(grey, (level, at) => {
        const shown = photometric === 0 ? most - level : level
        return [shown, shown, shown, alpha[at] ?? 0]
      })
      for (const operations of ['swap-channels:bgr', 'flip,flip', 'format:png'])
        assert.deepEqual(await pixelsOf(tiff, operations), expected.flat(), operations)
    })

test('separate planes that cannot be unpacked are refused unless they are RGB or CMYK', async () => {
  const strip = await sharp({ create: { width, height, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer()
  const tiff = tiffOf(8, [strip, strip, strip], (offsets, lengths) => [
    shortsEntry(259, 7),
    shortsEntry(262, 6),
    longsEntry(273, ...offsets),
    longsEntry(278, height),
    longsEntry(279, ...lengths),
    shortsEntry(284, 2),
  ])
  for (const operations of ['swap-channels:bgr', 'flip'])
    await assert.rejects(run(tiff, operations), /separate planes .* save the TIFF with interleaved samples/)
})

test('further samples of a pixel are left out, and transparency after them stays', async () => {
  const tiff = await readFile(new URL('../../tiffs/planar-extras.tif', import.meta.url))
  const expected = Array.from({ length: 24 * 20 }, (_, pixel) => {
    const [x, y] = [pixel % 24, Math.floor(pixel / 24)]
    return [(x + y) * 1000, y * 3000 + 7, x * 2000 + y, x < 12 ? 20_000 : 65_535]
  })
  for (const operations of ['swap-channels:bgr', 'swap-channels:bgr,format:png']) {
    const { samples } = await inspectResult(await run(tiff, operations))
    assert.deepEqual([...samples], expected.flat(), operations)
  }
})

test('CMYK of 16 bits keeps its transparency, which turns with the image', async () => {
  const [red, pixels] = [[0, 65_535, 65_535, 0], width * height]
  const levels = Array.from({ length: pixels }, (_, at) => [...red, at * 40]).flat()
  const strip = Buffer.from(Uint16Array.from(levels).buffer)
  const tiff = tiffOf(16, [strip], (offsets, lengths) => [
    shortsEntry(258, 16, 16, 16, 16, 16),
    shortsEntry(262, 5),
    longsEntry(273, ...offsets),
    shortsEntry(274, 4),
    shortsEntry(277, 5),
    longsEntry(279, ...lengths),
    shortsEntry(338, 2),
  ])
  const { samples } = await inspectResult(await run(tiff, 'swap-channels:bgr'))
  const [top, bottom] = [3, 4 * width * (height - 1) + 3]
  assert.deepEqual(
    [samples[top], samples[top + 4]],
    [40 * width * (height - 1), 40 * (width * (height - 1) + 1)],
  )
  assert.deepEqual([samples[bottom], samples[bottom + 4]], [0, 40])
})

test('a palette of 4 bits with transparency is developed exactly', async () => {
  const pixels = Array.from({ length: width * height }, (_, at) => [at % 16, (at * 5) % 16] as const)
  const strip = Uint8Array.from(pixels, ([index, alpha]) => (index << 4) | alpha)
  const levels = Array.from({ length: 48 }, (_, at) => ((at * 37) % 256) * 257)
  const tiff = tiffOf(4, [strip], (offsets, lengths) => [
    shortsEntry(258, 4, 4),
    shortsEntry(262, 3),
    longsEntry(273, ...offsets),
    shortsEntry(277, 2),
    longsEntry(279, ...lengths),
    shortsEntry(320, ...levels),
    shortsEntry(338, 2),
  ])
  const expected = pixels.map(([index, alpha]) => {
    const colour = [0, 1, 2].map(plane => (levels[16 * plane + index] ?? 0) / 257)
    return [...colour.reverse(), 17 * alpha]
  })
  for (const operations of ['swap-channels:bgr', 'swap-channels:bgr,format:png'])
    assert.deepEqual(await pixelsOf(tiff, operations), expected.flat(), operations)
})

test('damaged or missing pixels of such pages are refused', async () => {
  const planes = [0, 1, 2].map(plane => samplesOf(plane, 8))
  const tiff = await planarTiff(planes, 8, { compression: 'deflate', predictor: 'none' })
  const damaged = Buffer.from(tiff)
  const [segment] = tiffPages(tiff)[0]?.segments ?? []
  damaged.fill(0, segment?.at, (segment?.at ?? 0) + 4)
  await assert.rejects(run(damaged, 'flip'), /cannot be inflated/)
  await assert.rejects(run(packedTiff([1, 2, 3], 12), 'flip'), /end too early/)
  const oneTile = await planarTiff(planes, 8, { compression: 'none', predictor: 'none' }, 1)
  await assert.rejects(run(oneTile, 'flip'), /a TIFF page has only \d+ of its \d+ strips or tiles/)
})

type Samples = Uint8Array | Uint16Array<ArrayBuffer>

function samplesOf(plane: number, bits: 8 | 16): Samples {
  const levels = Array.from({ length: width * height }, (_, at) => (at * at * (plane + 3)) % 2 ** bits)
  return bits === 8 ? Uint8Array.from(levels) : Uint16Array.from(levels)
}

function interleaved(planes: readonly Samples[], bits: 8 | 16): number[] {
  const opaque = 2 ** bits - 1
  return Array.from({ length: width * height }, (_, at) => [
    ...planes.map(plane => plane[at] ?? 0),
    opaque,
  ]).flat()
}

async function pixelsOf(tiff: Uint8Array, operations: string): Promise<number[]> {
  const { samples } = await inspect((await run(tiff, operations)).bytes)
  return [...samples]
}

test('tiles far larger than the image are refused, and take no memory', async () => {
  const tiff = Buffer.from(
    tiffOf(8, new Array(3).fill(new Uint8Array(10)), (offsets, lengths) => [
      shortsEntry(259, 5),
      shortsEntry(284, 2),
      longsEntry(322, 65_536),
      longsEntry(323, 65_536),
      longsEntry(324, ...offsets),
      longsEntry(325, ...lengths),
    ]),
  )
  await assert.rejects(
    run(tiff, 'flip'),
    /tiles of 65536 x 65536 pixels are not supported .* save the TIFF with strips/,
  )
})

/** libvips writes the tiles, one plane a file. Only the first `tiles` are used. */
async function planarTiff(
  planes: readonly Samples[],
  bits: 8 | 16,
  options: { compression: 'none' | 'lzw' | 'deflate' | 'packbits'; predictor: 'none' | 'horizontal' },
  tiles = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const [tileWidth, tileHeight] = [16, 32]
  const tiled = { ...options, tile: true, tileWidth, tileHeight }
  const files = planes.map(plane =>
    sharp(plane, { raw: { width, height, channels: 1 } })
      .toColourspace(bits === 16 ? 'grey16' : 'b-w')
      .tiff(tiled)
      .toBuffer(),
  )
  const written = await Promise.all(files)
  const segments = written.flatMap(file =>
    (tiffPages(file)[0]?.segments ?? []).map(({ at, bytes }) => file.subarray(at, at + bytes)),
  )
  const [first] = written.map(file => tiffPages(file)[0] ?? assert.fail())
  return tiffOf(bits, segments.slice(0, tiles), (offsets, lengths) => [
    shortsEntry(259, first?.compression ?? 1),
    shortsEntry(284, 2),
    ...(options.predictor === 'horizontal' ? [shortsEntry(317, 2)] : []),
    longsEntry(322, tileWidth),
    longsEntry(323, tileHeight),
    longsEntry(324, ...offsets),
    longsEntry(325, ...lengths),
  ])
}

/** One strip, deflated. Each row begins at a whole byte. */
function packedTiff(levels: readonly number[], bits: number): Uint8Array {
  const rows: number[] = []
  for (let row = 0; row < levels.length; row += 3 * width) {
    const digits = levels
      .slice(row, row + 3 * width)
      .map(level => level.toString(2).padStart(bits, '0'))
      .join('')
    for (let at = 0; at < digits.length; at += 8)
      rows.push(Number.parseInt(digits.slice(at, at + 8).padEnd(8, '0'), 2))
  }
  return tiffOf(bits, [deflateSync(Uint8Array.from(rows))], (offsets, lengths) => [
    shortsEntry(259, 8),
    longsEntry(273, ...offsets),
    longsEntry(278, height),
    longsEntry(279, ...lengths),
  ])
}

function tiffOf(
  bits: number,
  segments: readonly Uint8Array[],
  entriesFor: (offsets: number[], lengths: number[]) => TiffEntry[],
): Uint8Array {
  const writer = new TiffWriter(Buffer.from('II*\0\0\0\0\0', 'latin1'))
  const offsets = segments.map(segment => writer.append(segment))
  const lengths = segments.map(segment => segment.length)
  const rgb = [shortsEntry(258, bits, bits, bits), shortsEntry(262, 2), shortsEntry(277, 3)]
  const own = entriesFor(offsets, lengths)
  const { at } = writer.directory([
    longsEntry(256, width),
    longsEntry(257, height),
    ...rgb.filter(({ tag }) => own.every(entry => entry.tag !== tag)),
    ...own,
  ])
  const bytes = writer.bytes()
  bytes.writeUInt32LE(at, 4)
  return bytes
}
