import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import sharp, { type JpegOptions } from 'sharp'
import { followScans } from '../../../src/develop/mend/mend-jpeg.ts'
import { jpegsInTiff } from '../../../src/develop/tiff/jpegs-in-tiff.ts'
import { UnusableImage } from '../../../src/develop/unusable-image.ts'
import { DamagedScan } from '../../../src/permute/not-well-formed.ts'
import { randomFrom } from '../../seeded-random.ts'
import { run } from '../run.ts'

const width = 240
/** The height is not a whole number of units; the last rows are decoded last, in a strip of their own. */
const height = 308
const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
const picture = sharp({ create: { width, height, channels: 3, background: '#888', noise } })

const kinds: Record<string, (options: JpegOptions) => Promise<Buffer>> = {
  '4:2:0': options => picture.clone().jpeg(options).toBuffer(),
  '4:4:4': options =>
    picture
      .clone()
      .jpeg({ ...options, chromaSubsampling: '4:4:4' })
      .toBuffer(),
  grey: options => picture.clone().greyscale().jpeg(options).toBuffer(),
  CMYK: options => picture.clone().toColourspace('cmyk').jpeg(options).toBuffer(),
}

const operations = [
  'swap-channels:bgr',
  'flip',
  'rotate:90',
  'rotate:10',
  'blur:1',
  'crop:200x200',
  'crop:16x16+0+0',
  'resize:8x',
  'resize:100x',
  'format:png',
]
const endOfImage = Buffer.of(0xff, 0xd9)

suite('a JPEG that ends in EOI although its last codes are missing', () => {
  for (const [kind, write] of Object.entries(kinds)) {
    for (const progressive of [false, true]) {
      const name = progressive ? `${kind}, progressive` : kind
      test(`is refused by every operation: ${name}`, async () => {
        const whole = await write({ quality: 80, progressive })
        for (const missing of [40, 400]) {
          const cut = Buffer.concat([whole.subarray(0, -missing), endOfImage])
          for (const operation of operations)
            await assert.rejects(run(cut, operation), UnusableImage, `${missing} bytes missing, ${operation}`)
        }
        for (const operation of operations) await run(whole, operation)
      })
    }
  }
})

test('a JPEG in arithmetic or lossless coding that is cut off is refused by every operation', async () => {
  for (const kind of ['clean/arithmetic', 'lossless']) {
    const whole = await readFile(new URL(`${kind}.jpeg`, import.meta.url))
    for (const missing of [2, 40, 200])
      for (const operation of [...operations, 'resize:4x'])
        await assert.rejects(run(whole.subarray(0, -missing), operation), UnusableImage, operation)
    await run(whole, 'resize:4x')
  }
})

test('damage in arithmetic coding that the decoder finds is also found when the image becomes smaller', async () => {
  const random = randomFrom(5)
  const whole = await readFile(new URL('clean/arithmetic.jpeg', import.meta.url))
  const codes = whole.lastIndexOf(Buffer.of(0xff, 0xda)) + 14
  let found = 0
  for (let round = 0; round < 200; round++) {
    const damaged = Buffer.from(whole)
    const at = codes + random(whole.length - codes - 2)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8))
    const decoded = sharp(damaged, { failOn: 'warning' }).raw().toBuffer()
    if (await decoded.then(() => true, () => false)) continue // biome-ignore format: short
    found += 1
    for (const operation of ['resize:4x', 'resize:9x9,format:webp'])
      await assert.rejects(run(damaged, operation), UnusableImage, `${operation}, damaged at ${at}`)
  }
  assert.ok(found > 0, 'the decoder finds no damage')
})

test('a TIFF with such a JPEG is refused by every operation: strips and tiles', async () => {
  for (const tile of [false, true]) {
    const whole = await picture
      .clone()
      .tiff({ compression: 'jpeg', tile, tileWidth: 128, tileHeight: 128 })
      .toBuffer()
    for (const { at, jpeg } of jpegsInTiff(whole) ?? assert.fail()) {
      const cut = Buffer.from(whole)
      cut.fill(0, at + jpeg.length - 100, at + jpeg.length)
      cut.set(endOfImage, at + jpeg.length - 100)
      for (const operation of operations) await assert.rejects(run(cut, operation), UnusableImage, operation)
    }
    for (const operation of operations) await run(whole, operation)
  }
})

test('a sequential JPEG whose codes lead beyond a block is refused by every operation, also where decoders do not warn', async () => {
  const random = randomFrom(1)
  const samples = Uint8Array.from({ length: 200 * 150 }, (_, at) => (at % 200) + random(20))
  const raw = { width: 200, height: 150, channels: 1 } as const
  const whole = await sharp(samples, { raw }).toColourspace('b-w').jpeg().toBuffer()
  let silent = 0
  for (let at = whole.length - 700; at < whole.length - 100; at += 10) {
    const damaged = Buffer.from(whole)
    damaged.fill(0, at, at + 64)
    if (damageOf(damaged) !== 'a block has more coefficients than 64') continue
    const message = 'the JPEG is cut off or damaged: a block has more coefficients than 64'
    for (const operation of ['swap-channels:bgr', 'crop:60x20+4+3', 'resize:20x', 'resize:50x', 'format:png'])
      await assert.rejects(run(damaged, operation), { message }, operation)
    silent += await sharp(damaged, { failOn: 'warning' })
      .raw()
      .toBuffer()
      .then(
        () => 1,
        () => 0,
      )
  }
  assert.ok(silent > 0, 'decoders warn of all of them')
})

/** The damage that is found in the codes of a JPEG. */
function damageOf(jpeg: Buffer): string | undefined {
  try {
    followScans(jpeg)
    return undefined
  } catch (error) {
    if (error instanceof DamagedScan) return error.message
    throw error
  }
}

test('a JPEG is incomplete wherever its codes end, even if the zeros after them are not codes', async () => {
  const random = randomFrom(1)
  const [width, height] = [160, 96]
  const samples = Uint8Array.from({ length: 4 * width * height }, () => 90 + random(80))
  const raw = { width, height, channels: 4 } as const
  const whole = await sharp(samples, { raw }).removeAlpha().toColourspace('cmyk').jpeg().toBuffer()
  followScans(whole)
  for (let missing = 3; missing < 1500; missing++) {
    const cut = Buffer.concat([whole.subarray(0, -missing), endOfImage])
    assert.throws(() => followScans(cut), DamagedScan, `${missing} bytes missing`)
  }
})
