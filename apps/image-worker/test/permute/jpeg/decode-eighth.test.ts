import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import fc from 'fast-check'
import sharp, { type SharpInput, type SharpOptions } from 'sharp'
import { followJpeg } from '../../../src/permute/jpeg/cut-jpeg.ts'
import { decodeEighth } from '../../../src/permute/jpeg/decode-eighth.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { randomFrom } from '../../seeded-random.ts'
import { noiseBytes } from '../pictures.ts'
import { sampledFiles } from './sampled-files.ts'

interface Kind {
  width: number
  height: number
  isNoise: boolean
  isGrey: boolean
  quality: number
  chromaSubsampling: string
}

async function encode({ width, height, isNoise, isGrey, ...options }: Kind): Promise<Buffer> {
  const pixels = isNoise ? noiseBytes(width * height * 3, width) : photograph({ width, height, seed: 4 })
  const image = sharp(pixels, { raw: { width, height, channels: 3 } })
  return (isGrey ? image.toColourspace('b-w') : image).jpeg(options).toBuffer()
}

/** At nine times smaller, sharp decodes a JPEG at an eighth of its size, and resizes that. */
async function ninthOf(
  input: SharpInput,
  options: SharpOptions,
  { width, height }: { width: number; height: number },
): Promise<Buffer> {
  const ninth = { width: Math.floor(width / 9), height: Math.floor(height / 9), fit: 'fill' } as const
  return sharp(input, options).resize(ninth).raw().toBuffer()
}

async function assertSameAsLibjpeg(file: Buffer, message?: string): Promise<void> {
  const { width, height } = await sharp(file).metadata()
  const { data, ...raw } = decodeEighth(file)
  assert.deepEqual([raw.width, raw.height], [Math.floor(width / 8), Math.floor(height / 8)], message)
  const [ours, theirs] = await Promise.all([
    ninthOf(data, { raw }, { width, height }),
    ninthOf(file, {}, { width, height }),
  ])
  assert.ok(ours.equals(theirs), message)
}

test('a JPEG decodes at an eighth of its size to the same samples as in libjpeg', async () => {
  for (const [index, file] of sampledFiles.entries()) await assertSameAsLibjpeg(file, `file ${index}`)
  const kinds = fc.record({
    width: fc.integer({ min: 9, max: 200 }),
    height: fc.integer({ min: 9, max: 200 }),
    isNoise: fc.boolean(),
    isGrey: fc.boolean(),
    // At quality 100, all coefficients occur; at 5, sums are beyond the range of samples.
    quality: fc.constantFrom(5, 50, 80, 100),
    chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
  })
  await fc.assert(
    fc.asyncProperty(kinds, async kind => assertSameAsLibjpeg(await encode(kind))),
    { numRuns: 300 },
  )
})

test('a damaged file is refused for the same reason as when its codes are only followed', async () => {
  const kind = { width: 90, height: 70, isNoise: true, isGrey: false, quality: 90 }
  const sound = [
    ...sampledFiles,
    await encode({ ...kind, chromaSubsampling: '4:2:0' }),
    await encode({ ...kind, chromaSubsampling: '4:4:4' }),
  ]
  const random = randomFrom(6)
  let refused = 0
  for (let round = 0; round < 3000; round++) {
    const jpeg = Buffer.from(sound[random(sound.length)] ?? assert.fail())
    const end = random(8) === 0 ? random(jpeg.length) : jpeg.length
    jpeg[random(jpeg.length)] = random(256)
    const [ours, followed] = [decodeEighth, followJpeg].map(read => errorOf(read, jpeg.subarray(0, end)))
    assert.equal(ours, followed)
    if (ours !== undefined) refused++
  }
  assert.ok(refused > 500, `${refused} were refused`)
})

function errorOf(read: (jpeg: Uint8Array) => unknown, jpeg: Uint8Array): string | undefined {
  try {
    read(jpeg)
    return undefined
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
    return error.message
  }
}
