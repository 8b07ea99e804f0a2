// Slow: it develops damaged files with every operation.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import sharp, { type JpegOptions } from 'sharp'
import { encodeSegment } from '../../../src/develop/jpeg/segments.ts'
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

test('damage that only the decoder finds is also found when the image becomes smaller or is cut', async () => {
  const jump = (bits: string) => `10${bits}0` // a difference in ten bits, and EOB
  const [up, down, flat, noCode] = [jump('1111101000'), jump('0000010111'), '00', '1'.repeat(16)]
  // The second DC is 2000, which eight-bit samples can't have: the kernel doesn't follow the codes any further.
  const start = up + up + down + down
  const sound = greyColumn(start + flat.repeat(20))
  const damaged = greyColumn(start + flat.repeat(16) + noCode + flat.repeat(3))
  for (const operation of ['format:png', 'resize:1x', 'crop:5x5+0+0', 'resize:4x,crop:3x3+0+0']) {
    await run(sound, operation)
    await assert.rejects(run(damaged, operation), UnusableImage, operation)
  }
})

/** A grey JPEG of 24 blocks, from top to bottom. DC has codes for differences of no and of ten bits, AC only for EOB. */
function greyColumn(codes: string): Buffer {
  const bytes = codes.match(/.{1,8}/g)?.map(bits => Number.parseInt(bits.padEnd(8, '1'), 2)) ?? []
  const counts = (...few: number[]) => [...few, ...new Array<number>(16 - few.length).fill(0)]
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    encodeSegment(0xdb, Uint8Array.of(0, ...new Array<number>(64).fill(1))),
    encodeSegment(0xc0, Uint8Array.of(8, 0, 8 * 24, 0, 8, 1, 1, 0x11, 0)),
    encodeSegment(0xc4, Uint8Array.of(0x00, ...counts(1, 1), 0, 10)),
    encodeSegment(0xc4, Uint8Array.of(0x10, ...counts(1), 0)),
    encodeSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    Buffer.from(bytes.flatMap(byte => (byte === 0xff ? [byte, 0] : [byte]))),
    endOfImage,
  ])
}

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
