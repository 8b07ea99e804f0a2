// Slow: it develops every orientation of every format.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { exifBytes, exifDescribing, readExif } from '../../src/develop/metadata/exif.ts'
import { signature, splitChunks } from '../permute/png/png-assembler.ts'
import { drawn, type Inspected, inspect, inspectResult, meanError, permuted } from './inspect.ts'
import { jpegWith } from './metadata-traces.ts'
import { drawing, rasterFrom, rasterOf } from './rasters.ts'
import { run } from './run.ts'

/** Six colours that identify the corners: as stored, and as shown with each orientation (Exif 2.32, 4.6.4). */
const stored = ['ff0000 00ff00 0000ff', 'ffff00 ff00ff 00ffff']
const shown: Readonly<Record<number, readonly string[]>> = {
  1: ['ff0000 00ff00 0000ff', 'ffff00 ff00ff 00ffff'],
  2: ['0000ff 00ff00 ff0000', '00ffff ff00ff ffff00'],
  3: ['00ffff ff00ff ffff00', '0000ff 00ff00 ff0000'],
  4: ['ffff00 ff00ff 00ffff', 'ff0000 00ff00 0000ff'],
  5: ['ff0000 ffff00', '00ff00 ff00ff', '0000ff 00ffff'],
  6: ['ffff00 ff0000', 'ff00ff 00ff00', '00ffff 0000ff'],
  7: ['00ffff 0000ff', 'ff00ff 00ff00', 'ffff00 ff0000'],
  8: ['0000ff 00ffff', '00ff00 ff00ff', 'ff0000 ffff00'],
}

for (const metadata of ['strip', 'keep']) {
  for (const [format, write] of Object.entries(writers())) {
    test(`orientation is applied to ${format} once, with metadata:${metadata}`, async () => {
      for (const [orientation, rows] of Object.entries(shown)) {
        const file = await write(Number(orientation))
        assert.equal((await sharp(file).metadata()).orientation ?? 1, Number(orientation))
        const result = await run(file, `swap-channels:bgr,metadata:${metadata}`)
        const { orientation: left } = await sharp(result.bytes).metadata()
        assert.ok(left === undefined || left === 1, `orientation ${left} is left`)
        const expected = swappedRows(rows)
        assert.deepEqual(eightBits(await inspectResult(result)), expected, `orientation ${orientation}`)
      }
    })
  }
}

test('orientation is applied to JPEG once, before other operations', async () => {
  const picture = rasterOf({ width: 32, height: 16, frames: 1, channels: 3, bits: 8, seed: 1 })
  const flat = await drawing(picture).blur(4).png().toBuffer()
  for (let orientation = 1; orientation <= 8; orientation++) {
    const jpeg = await sharp(flat).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer()
    const upright = await sharp(jpeg).autoOrient().png().toBuffer()
    for (const metadata of ['strip', 'keep']) {
      const swapped = await inspectResult(await run(jpeg, `swap-channels:bgr,metadata:${metadata}`))
      assert.ok(meanError(swapped, permuted(await inspect(upright), 'bgr')) < 2)
      const cropped = await inspectResult(await run(jpeg, `crop:8x8+0+0,format:png,metadata:${metadata}`))
      const corner = await sharp(upright).extract({ left: 0, top: 0, width: 8, height: 8 }).png().toBuffer()
      assert.ok(meanError(cropped, await inspect(corner)) < 2)
    }
  }
})

test('an orientation with an unusual integer type is applied once, too', async () => {
  const jpeg = await sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
  const at = jpeg.indexOf(Buffer.of(0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0))
  assert.ok(at > 0)
  for (const [type, integer] of [
    [1, 'BYTE'],
    [4, 'LONG'],
    [8, 'SSHORT'],
    [9, 'SLONG'],
  ] as const) {
    jpeg[at + 2] = type
    for (const operations of ['swap-channels', 'invert', 'format:png']) {
      const { bytes, facts } = await run(jpeg, `${operations},metadata:keep`)
      assert.deepEqual([facts.width, facts.height], [16, 32], `${integer}, ${operations}`)
      assert.equal((await sharp(bytes).metadata()).orientation ?? 1, 1, `${integer}, ${operations}`)
    }
  }
})

test('an orientation that is not an integer is ignored by every operation, as by browsers', async () => {
  const plain = await sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer()
  for (const [type, value] of [
    [5, 26], // RATIONAL: the position of 6/1
    [13, 6], // a pointer
  ] as const) {
    const exif = Buffer.from(
      'Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01T\0\x01\0\0\0V\0\0\0\0\0\0\0\x06\0\0\0\x01\0\0\0',
      'latin1',
    )
    exif[18] = type
    exif[24] = value
    const jpeg = jpegWith(plain, [{ marker: 0xe1, data: exif }])
    for (const operations of ['swap-channels', 'flip', 'invert', 'format:png', 'resize:20x', 'crop:20x10']) {
      const { facts } = await run(jpeg, operations)
      assert.ok(facts.width > facts.height, `type ${type}, ${operations}`)
    }
  }
})

test('the orientation becomes 1 in EXIF of either byte order, whatever its integer type', () => {
  for (const isLittleEndian of [true, false]) {
    for (const [type, bytes] of [
      [1, 1],
      [3, 2],
      [4, 4],
    ] as const) {
      const block = (orientation: number) => {
        const view = new DataView(new ArrayBuffer(26))
        view.setUint16(0, isLittleEndian ? 0x4949 : 0x4d4d)
        view.setUint16(2, 42, isLittleEndian)
        view.setUint32(4, 8, isLittleEndian)
        view.setUint16(8, 1, isLittleEndian)
        view.setUint16(10, 0x0112, isLittleEndian)
        view.setUint16(12, type, isLittleEndian)
        view.setUint32(14, 1, isLittleEndian)
        if (bytes === 1) view.setUint8(18, orientation)
        else if (bytes === 2) view.setUint16(18, orientation, isLittleEndian)
        else view.setUint32(18, orientation, isLittleEndian)
        return new Uint8Array(view.buffer)
      }
      const exif = readExif(block(6))
      assert.ok(exif)
      const upright = readExif(exifBytes(exifDescribing(exif, { width: 1, height: 1 }, 'png')))
      const [entry, ...others] = upright?.main ?? []
      assert.deepEqual([entry?.tag, entry?.type, entry?.count, others], [0x0112, 3, 1, []])
      assert.deepEqual([...(entry?.value ?? [])], [1, 0])
    }
  }
})

test('EXIF after the image data of a PNG turns it as EXIF before the image data does', async () => {
  const { PNG, 'palette PNG': palettePng } = writers()
  for (const write of [PNG, palettePng]) {
    for (const orientation of [2, 6]) {
      const early = (await write?.(orientation)) ?? assert.fail()
      const late = withLateExif(early)
      for (const operations of [
        'swap-channels',
        'rotate:90',
        'invert',
        'format:webp',
        'swap-channels,metadata:keep',
      ]) {
        const [actual, expected] = [await run(late, operations), await run(early, operations)]
        assert.deepEqual(actual, expected, `orientation ${orientation}, ${operations}`)
      }
    }
  }
})

test('orientation is applied to every frame of an animated WebP', async () => {
  const raster = rasterOf({ width: 5, height: 3, frames: 3, channels: 4, bits: 8, seed: 3 })
  const animation = { lossless: true, exact: true, delay: [30, 40, 50] }
  const webp = await drawing(raster).webp(animation).toBuffer()
  for (let orientation = 2; orientation <= 8; orientation++) {
    const oriented = await drawing(raster).withMetadata({ orientation }).webp(animation).toBuffer()
    assert.equal((await sharp(oriented).metadata()).orientation, orientation)
    const result = await inspectResult(await run(oriented, 'swap-channels:rgb'))
    const upright = await Promise.all(
      [0, 1, 2].map(async page => {
        const still = await sharp(webp, { page }).png().toBuffer()
        const turned = await sharp(still).withMetadata({ orientation }).png().toBuffer()
        return drawn(await inspect(await sharp(turned).autoOrient().png().toBuffer()))
      }),
    )
    assert.deepEqual(drawn(result), upright.flat())
    assert.deepEqual(result.delays, [30, 40, 50])
    assert.equal(result.frames, 3)
  }
})

test('orientation is applied to every frame of an animation that is too large to be held twice', async () => {
  const [side, frames] = [3500, 3]
  const halves = Buffer.alloc(side * side * frames * 3, 255)
  for (let pixel = 0; pixel < side * side * frames; pixel++) {
    halves[pixel * 3] = 50 * Math.floor(pixel / (side * side)) // red identifies the frame
    halves[pixel * 3 + 1] = pixel % side < side / 2 ? 0 : 200 // green distinguishes left and right
  }
  const raw = { width: side, height: side * frames, channels: 3, pageHeight: side } as const
  const webp = await sharp(halves, { raw, limitInputPixels: false })
    .withMetadata({ orientation: 3 })
    .webp({ lossless: true, effort: 0 })
    .toBuffer()
  const { bytes, facts } = await run(webp, 'swap-channels:bgr')
  assert.equal(facts.frames, frames)
  for (const page of [0, 1, 2]) {
    const data = await sharp(bytes, { page }).removeAlpha().raw().toBuffer()
    assert.deepEqual([...data.subarray(0, 3)], [255, 200, 50 * page], `the left of frame ${page}`)
  }
})

/** The same six pixels in every lossless format that has an orientation. */
function writers(): Record<string, (orientation: number) => Promise<Buffer>> {
  const image = (orientation: number) => drawing(rasterFrom(stored)).withMetadata({ orientation })
  const deepRows = stored.map(row => row.replaceAll(/\w{2}/g, '$&$&'))
  return {
    PNG: orientation => image(orientation).png().toBuffer(),
    'palette PNG': orientation => image(orientation).png({ palette: true }).toBuffer(),
    WebP: orientation => image(orientation).webp({ lossless: true }).toBuffer(),
    TIFF: async orientation =>
      orientedTiff(await drawing(rasterFrom(stored)).tiff({ compression: 'lzw' }).toBuffer(), orientation),
    '16-bit TIFF': async orientation =>
      orientedTiff(
        await drawing(rasterFrom(deepRows, 16)).tiff({ compression: 'none' }).toBuffer(),
        orientation,
      ),
  }
}

function withLateExif(png: Buffer): Buffer {
  const chunks = splitChunks(png)
  const [exif] = chunks.filter(({ type }) => type === 'eXIf')
  const [end, ...others] = chunks.filter(({ type }) => type !== 'eXIf').reverse()
  assert.ok(exif && end)
  return Buffer.concat([signature, ...[...others.reverse(), exif, end].map(({ whole }) => whole)])
}

/** sharp writes the tag as one SHORT, 1 (TIFF 6.0, section 8, Orientation). */
function orientedTiff(tiff: Buffer, orientation: number): Buffer {
  const at = tiff.indexOf(Buffer.of(0x12, 0x01, 3, 0, 1, 0, 0, 0, 1, 0))
  assert.ok(at > 0)
  tiff[at + 8] = orientation
  return tiff
}

function swappedRows(rows: readonly string[]): string[] {
  return rows.map(row => row.replaceAll(/(\w\w)(\w\w)(\w\w)/g, '$3$2$1ff'))
}

/** Each deep sample here has two equal bytes. */
function eightBits(picture: Inspected): string[] {
  if (!picture.isDeep) return drawn(picture)
  return drawn({
    ...picture,
    isDeep: false,
    samples: Uint8Array.from(picture.samples, sample => sample >> 8),
  })
}
