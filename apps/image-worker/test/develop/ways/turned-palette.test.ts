// Slow: it develops every orientation of every kind of palette.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { exifBytes } from '../../../src/develop/metadata/exif.ts'
import { shortsEntry } from '../../../src/develop/tiff/tiff-writer.ts'
import { assemblePng, chunk } from '../../permute/png/png-assembler.ts'
import { assertSame, inspect, inspectResult } from '../inspect.ts'
import { run } from '../run.ts'

const turns = ['metadata:strip', 'flip', 'flop', 'rotate:90', 'rotate:180', 'rotate:270', 'flip,rotate:90']

for (const interlaced of [false, true]) {
  for (const bitDepth of [1, 2, 4, 8]) {
    test(`a turned palette PNG of ${bitDepth} bits${interlaced ? ', interlaced,' : ''} keeps its palette`, async () => {
      for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const png = palettePng({ bitDepth, interlaced, orientation })
        // A file without a palette has the same pixels, and they are decoded.
        const coloured = await sharp(png).png().withMetadata({ orientation }).toBuffer()
        for (const operations of turns.map(turn => `${turn},swap-channels:bgr`)) {
          const result = await run(png, operations)
          const expected = await inspect((await run(coloured, operations)).bytes)
          assertSame(await inspectResult(result), expected, `${operations}, orientation ${orientation}`)
          // IHDR: depth, colour type, compression, filter, interlacing.
          assert.deepEqual([...result.bytes.subarray(24, 29)], [bitDepth, 3, 0, 0, interlaced ? 1 : 0])
        }
      }
    })
  }
}

test('a turned palette PNG has the resolution of its axes, and no orientation', async () => {
  const resolution = Buffer.of(0, 0, 0x10, 0, 0, 0, 0x20, 0, 1)
  const png = palettePng({ bitDepth: 4, interlaced: false, orientation: 6 }, chunk('pHYs', resolution))
  for (const [operations, expected] of [
    ['swap-channels:bgr', [0x2000, 0x1000]],
    ['rotate:90,metadata:keep', [0x1000, 0x2000]],
  ] as const) {
    const bytes = Buffer.from((await run(png, operations)).bytes)
    const at = bytes.indexOf('pHYs')
    assert.deepEqual([bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)], expected)
    assert.equal((await sharp(bytes).metadata()).orientation ?? 1, 1)
  }
})

test('a damaged palette PNG is not turned', async () => {
  const png = palettePng({ bitDepth: 8, interlaced: false, orientation: 6 })
  const at = png.indexOf('IDAT') + 20
  png[at] = (png[at] ?? 0) ^ 1
  await assert.rejects(run(png, 'swap-channels:bgr'), { code: 'undecodable-image' })
  await assert.rejects(run(png.subarray(0, -30), 'flip'), { code: 'undecodable-image' })
})

function palettePng(
  { bitDepth, interlaced, orientation }: { bitDepth: number; interlaced: boolean; orientation: number },
  ...chunks: Buffer[]
): Buffer {
  const [width, height] = [13, 11]
  const colours = Math.min(2 ** bitDepth, 200)
  const samples = Array.from({ length: width * height }, (_, at) => (at * at * 3 + at) % colours)
  const palette = Uint8Array.from({ length: 3 * colours }, (_, at) => (at * 89 + 7) % 256)
  const opacity = Uint8Array.from({ length: Math.ceil(colours / 2) }, (_, at) => (at * 50) % 256)
  const exif = exifBytes({ main: [shortsEntry(274, orientation)] })
  const before = [
    ...chunks,
    chunk('PLTE', palette),
    chunk('tRNS', opacity),
    ...(orientation === 1 ? [] : [chunk('eXIf', exif)]),
  ]
  const filters = [0, 1, 2, 3, 4]
  return assemblePng({ width, height, colorType: 3, bitDepth, interlaced, samples, filters }, { before })
}
