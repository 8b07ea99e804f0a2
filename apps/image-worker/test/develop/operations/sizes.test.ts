import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOperations } from '@darkroom/contracts'
import sharp from 'sharp'
import { develop } from '../../../src/develop/develop.ts'
import { encode } from '../../../src/develop/encode/encode.ts'
import type { Original } from '../../../src/develop/original.ts'
import type { Raster } from '../../../src/develop/raster/raster.ts'
import { limits, run } from '../run.ts'

const [width, height] = [40, 30]

/** White, with a black line from top to bottom. */
async function lined(frames = 1): Promise<Buffer> {
  const data = Buffer.alloc(width * height * frames * 3, 255)
  for (let y = 0; y < height * frames; y++) data.fill(0, (y * width + 7) * 3, (y * width + 8) * 3)
  const raw = { width, height: height * frames, channels: 3, pageHeight: height } as const
  return frames === 1
    ? sharp(data, { raw: { ...raw, height } })
        .png()
        .toBuffer()
    : sharp(data, { raw })
        .webp({ lossless: true, delay: [50, 60] })
        .toBuffer()
}

test('a narrow part, however it was cut out, is not enlarged to more pixels than allowed', async () => {
  const png = await lined()
  for (const operations of [
    'crop:40x30+39+0,resize:2000x:enlarge',
    'crop:40x30+39+0,resize:2000x1:cover:enlarge',
    'resize:40x1:cover,resize:x2000:enlarge',
    'trim,resize:2000x:enlarge',
    'trim,greyscale,resize:2000x:outside:enlarge',
    'trim:200,rotate:90,trim,resize:x2000:enlarge',
    'trim,resize:2000x:enlarge,trim',
  ]) {
    await assert.rejects(run(png, operations), { code: 'too-many-pixels' }, operations)
  }
})

test('limits apply to steps on animations and deep images whose size depends on their content', async () => {
  const deep = await sharp(await lined())
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  const tiff = await sharp(await lined())
    .tiff({ compression: 'lzw' })
    .toBuffer()
  for (const file of [deep, tiff, await lined(2)]) {
    await assert.rejects(run(file, 'trim,resize:2000x:enlarge'), { code: 'too-many-pixels' })
    const { facts } = await run(file, 'trim,resize:20x:enlarge')
    assert.deepEqual([facts.width, facts.height], [20, 600])
  }
})

test('memory is reserved for an image that is enlarged after a cut', async () => {
  const png = await lined()
  for (const cut of ['crop:40x30+39+0', 'trim', 'resize:1x:fill']) {
    let reserved = 0
    const { facts } = await develop(
      png,
      parseOperations(`${cut},resize:100x:enlarge`),
      limits,
      async bytes => {
        reserved = bytes
      },
    )
    assert.deepEqual([facts.width, facts.height], [100, 3000])
    assert.ok(reserved >= 2 * 3 * 100 * 3000, `${cut}: ${reserved} bytes`)
  }
})

test('a result that is too large for its format is refused with a reason', async () => {
  const png = await lined()
  const pads = 'crop:1x1,pad:16383:0,pad:16383:0,pad:16383:0'
  // A TIFF with a quality contains JPEG.
  const names = { jpeg: 'JPEG', gif: 'GIF', webp: 'WebP', avif: 'AVIF', 'tiff:80': 'JPEG' }
  for (const [format, name] of Object.entries(names)) {
    await assert.rejects(run(png, `${pads},format:${format}`), {
      code: 'result-too-large',
      message: new RegExp(`^the result has 1 x 98299 pixels; ${name} allows at most \\d+ a side: make`),
    })
  }
  const { facts } = await run(png, pads)
  assert.equal(facts.height, 98_299)
  // libjpeg's own limit, just below the format's.
  const long = (bottom: number) => run(png, `crop:1x1,pad:16383:0,pad:16367:0:${bottom},format:jpeg`)
  assert.equal((await long(16_366)).facts.height, 65_500)
  await assert.rejects(long(16_367), { code: 'result-too-large' })
})

test('more frames than a WebP may have here are refused before they are encoded', async () => {
  const frame: Raster = { data: Uint8Array.of(0), width: 1, height: 1, channels: 1, bits: 8, isGrey: true }
  const frames = new Array<Raster>(30_001).fill(frame)
  const picture = { frames, delays: frames.map(() => 20), loop: 0, metadata: {} }
  const original: Original = {
    ...{ format: 'gif', bytes: 1, pixels: 1, lossless: true, progressive: false, quality: undefined },
    ...{ quantisationTable: 0, chromaSubsampling: undefined, isRgb: false, bitsPerSample: 8 },
  }
  await assert.rejects(encode(picture, { format: 'webp', metadata: 'strip' }, original, undefined, limits), {
    code: 'result-too-large',
    message: /^the result has 30001 frames; WebP allows at most 30000 here: choose another format$/,
  })
})
