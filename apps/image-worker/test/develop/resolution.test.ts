import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { usualResult } from '../../src/develop/format-abilities.ts'
import { exifBytes, resolutionEntries } from '../../src/develop/metadata/exif.ts'
import { joinPages } from '../../src/develop/tiff/join-pages.ts'
import { streamPermuted } from '../../src/develop/ways/stream-permuted.ts'
import { chunk, withChunks } from '../permute/png/png-assembler.ts'
import { exifOf, jpegWith } from './metadata-traces.ts'
import { resolutionIn, resolutionInTags, type WrittenResolution } from './resolution-in.ts'
import { limits, run } from './run.ts'

const read = (name: string) => readFileSync(new URL(`cases/${name}`, import.meta.url))
const picture = () => sharp({ create: { width: 32, height: 16, channels: 3, background: '#4080c0' } })

/** Swaps without decoding where possible; the other operations decode. */
const everyWay = ['swap-channels', 'invert', 'resize:8x', 'format:png', 'format:jpeg', 'format:tiff']

/** How each format expresses 300 dots per inch horizontally and 150 vertically. */
const written: Record<string, WrittenResolution> = {
  jpeg: { x: 300, y: 150, unit: 1 },
  png: { x: 11811, y: 5906, unit: 1 },
  tiff: { x: 300, y: 150, unit: 2 },
}

/** The original is twice as high as wide, in pixels. */
async function originals(): Promise<Record<string, Buffer>> {
  const resolution = { xres: 300 / 25.4, yres: 150 / 25.4, resolutionUnit: 'inch' } as const
  const png = withoutResolution(await picture().png().toBuffer())
  return {
    jpeg: withJfif(await picture().jpeg().toBuffer(), [1, 0x01, 0x2c, 0, 150]),
    png: withPhys(png, 11811, 5906, 1),
    tiff: await picture()
      .tiff({ compression: 'none', ...resolution })
      .toBuffer(),
  }
}

test('every operation, and every format with a resolution, keeps the resolution', async () => {
  for (const [name, file] of Object.entries(await originals())) {
    for (const operations of everyWay) {
      for (const metadata of ['strip', 'keep']) {
        const { bytes } = await run(file, `${operations},metadata:${metadata}`)
        const format = operations.match(/format:(\w+)/)?.[1] ?? name
        assert.deepEqual(rounded(resolutionIn(bytes)), written[format], `${name}, ${operations}, ${metadata}`)
      }
    }
  }
})

test('turning an image by a quarter swaps the horizontal and the vertical resolution', async () => {
  for (const [name, file] of Object.entries(await originals())) {
    const { x, y, unit } = written[name] as WrittenResolution
    for (const [operations, isSwapped] of [
      ['rotate:90', true],
      ['rotate:270', true],
      ['rotate:180', false],
      ['rotate:90,rotate:90', false],
      ['flip,flop', false],
    ] as const) {
      const { bytes } = await run(file, operations)
      const expected = isSwapped ? { x: y, y: x, unit } : { x, y, unit }
      assert.deepEqual(rounded(resolutionIn(bytes)), expected, `${name}, ${operations}`)
    }
  }
  const { jpeg } = await originals()
  assert.ok(jpeg)
  const turned = jpegWith(jpeg, [
    { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exifOf(6)]) },
  ])
  for (const [operations, expected] of [
    ['swap-channels', { x: 150, y: 300, unit: 1 }],
    ['invert', { x: 150, y: 300, unit: 1 }],
    ['rotate:90', { x: 300, y: 150, unit: 1 }],
  ] as const) {
    assert.deepEqual(resolutionIn((await run(turned, operations)).bytes), expected, operations)
  }
})

test('no resolution is written if the original has none', async () => {
  const png = withoutResolution(await picture().png().toBuffer())
  const files: Record<string, Uint8Array> = {
    jpeg: withJfif(await picture().jpeg().toBuffer(), [0, 0, 1, 0, 1]),
    png,
    palette: withoutResolution(await picture().png({ palette: true }).toBuffer()),
    webp: await picture().webp().toBuffer(),
    gif: await picture().gif().toBuffer(),
    tiff: (await run(png, 'format:tiff')).bytes,
    avif: await picture().avif({ effort: 0 }).toBuffer(),
  }
  for (const [name, file] of Object.entries(files)) {
    for (const operations of [...everyWay, 'format:webp', 'format:avif']) {
      const { bytes } = await run(file, `${operations},metadata:keep`)
      assert.equal(resolutionIn(bytes), undefined, `${name}, ${operations}`)
      assert.equal((await sharp(bytes).metadata()).exif, undefined, `${name}, ${operations}`)
    }
  }
})

test('a resolution that is only in EXIF stays when EXIF is dropped', async () => {
  const exif = exifBytes({ main: resolutionEntries({ x: 240, y: 120, unit: 'inch' }) })
  const jpeg = jpegWith(await picture().jpeg().toBuffer(), [
    { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]) },
  ])
  const png = withoutResolution(await picture().png().toBuffer())
  const pngWithExif = withChunks(png, chunk('eXIf', exif))
  assert.deepEqual(resolutionIn((await run(pngWithExif, 'swap-channels')).bytes), {
    x: 9449,
    y: 4724,
    unit: 1,
  })
  for (const file of [withJfif(jpeg, [0, 0, 1, 0, 1]), pngWithExif]) {
    for (const operations of ['swap-channels,format:jpeg', 'invert,format:jpeg']) {
      assert.deepEqual(resolutionIn((await run(file, operations)).bytes), { x: 240, y: 120, unit: 1 })
    }
    assert.deepEqual(resolutionIn((await run(file, 'format:tiff')).bytes), { x: 240, y: 120, unit: 2 })
  }
})

test('WebP and AVIF have the resolution in EXIF, if metadata is kept', async () => {
  for (const [name, file] of Object.entries(await originals())) {
    for (const type of ['webp', 'avif']) {
      const { exif } = await sharp((await run(file, `format:${type},metadata:keep`)).bytes).metadata()
      assert.ok(exif, name)
      assert.deepEqual(rounded(resolutionInTags(withoutPrefix(exif))), written.tiff, `${name} in ${type}`)
    }
  }
})

test('scans and faxes keep their dots per inch', async () => {
  for (const [name, x, y] of [
    ['30-plain300.tif', 300, 300],
    ['31-b-group3.tif', 204, 98],
  ] as const) {
    const file = read(name)
    for (const operations of ['swap-channels', 'flop', 'resize:50x', 'greyscale,metadata:keep']) {
      const { bytes } = await run(file, operations)
      assert.deepEqual(resolutionIn(bytes), { x, y, unit: 2 }, `${name}, ${operations}`)
    }
    assert.deepEqual(resolutionIn((await run(file, 'format:jpeg')).bytes), { x, y, unit: 1 })
  }
})

test('each page of a TIFF keeps its own resolution', async () => {
  const page = (xres: number) => picture().tiff({ compression: 'none', xres, yres: xres }).toBuffer()
  const file = joinPages([await page(300 / 25.4), await page(72 / 25.4)])
  for (const operations of ['swap-channels', 'flip', 'rotate:90,metadata:keep', 'format:tiff:80']) {
    const { bytes } = await run(file, operations)
    const densities = [0, 1].map(async page => (await sharp(bytes, { page }).metadata()).density)
    assert.deepEqual(await Promise.all(densities), [300, 72], operations)
  }
})

test('a BigTIFF keeps its resolution', async () => {
  const resolution = { xres: 300 / 25.4, yres: 150 / 25.4, resolutionUnit: 'inch' } as const
  const file = await picture()
    .tiff({ compression: 'none', bigtiff: true, ...resolution })
    .toBuffer()
  assert.equal(file[2], 43)
  assert.deepEqual(rounded(resolutionIn((await run(file, 'flip')).bytes)), written.tiff)
})

test('an image that is too large to be held keeps only its resolution while it is streamed', async () => {
  for (const [name, file] of Object.entries(await originals())) {
    for (const metadata of ['strip', 'keep'] as const) {
      const header = await readImageHeader(bytesSource(file))
      const output = { format: usualResult(header.format), metadata } as const
      const bytes = await streamPermuted(file, header, 'bgr', output, limits)
      assert.ok(bytes)
      assert.deepEqual(rounded(resolutionIn(bytes)), written[name], name)
    }
  }
})

test('units and fractions stay, and a ratio without a unit stays a ratio', async () => {
  const jpeg = await picture().jpeg().toBuffer()
  const png = withoutResolution(await picture().png().toBuffer())
  for (const [file, operations, expected] of [
    [withJfif(jpeg, [2, 0, 118, 0, 59]), 'invert', { x: 118, y: 59, unit: 2 }],
    [withJfif(jpeg, [0, 0, 2, 0, 1]), 'invert', { x: 2, y: 1, unit: 0 }],
    [withJfif(jpeg, [0, 0, 2, 0, 1]), 'format:png', { x: 2, y: 1, unit: 0 }],
    [withJfif(jpeg, [2, 0, 118, 0, 59]), 'format:tiff', { x: 118, y: 59, unit: 3 }],
    [withPhys(png, 2835, 2835, 1), 'format:jpeg', { x: 72, y: 72, unit: 1 }],
    [withPhys(png, 3, 2, 0), 'invert', { x: 3, y: 2, unit: 0 }],
    [withPhys(png, 0, 0, 1), 'invert', undefined],
  ] as const) {
    assert.deepEqual(resolutionIn((await run(file, operations)).bytes), expected)
  }
})

/** The numbers that the encoder writes in a TIFF are floats. */
function rounded(resolution: WrittenResolution | undefined): WrittenResolution | undefined {
  return resolution && { ...resolution, x: Math.round(resolution.x), y: Math.round(resolution.y) }
}

function withoutPrefix(exif: Buffer): Buffer {
  return exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
}

/** With another unit and other numbers in its JFIF header. */
function withJfif(jpeg: Buffer, density: readonly number[]): Buffer {
  const copy = Buffer.from(jpeg)
  const at = copy.indexOf('JFIF\0')
  if (at !== -1) {
    copy.set(density, at + 7)
    return copy
  }
  const header = Buffer.from([...Buffer.from('JFIF\0\x01\x02', 'latin1'), ...density, 0, 0])
  return jpegWith(copy, [{ marker: 0xe0, data: header }])
}

function withoutResolution(png: Buffer): Buffer {
  const at = png.indexOf('pHYs') - 4
  return at < 0 ? png : Buffer.concat([png.subarray(0, at), png.subarray(at + 21)])
}

function withPhys(png: Buffer, x: number, y: number, unit: number): Buffer {
  const data = Buffer.alloc(9)
  data.writeUInt32BE(x, 0)
  data.writeUInt32BE(y, 4)
  data[8] = unit
  return withChunks(png, chunk('pHYs', data))
}
