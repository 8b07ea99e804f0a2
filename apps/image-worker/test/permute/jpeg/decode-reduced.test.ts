import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp, { type SharpInput, type SharpOptions } from 'sharp'
import { type Divisor, decodeReduced, type Samples } from '../../../src/permute/jpeg/decode-reduced.ts'
import { followJpeg } from '../../../src/permute/jpeg/follow-jpeg.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { randomFrom } from '../../seeded-random.ts'
import { encodeJpeg } from './encode-jpeg.ts'
import { divisibleFiles, sampledFiles } from './sampled-files.ts'
import { withoutHighFrequencies } from './without-high-frequencies.ts'

/**
 * Resizes by one more than the divisor: from 9 times smaller on, sharp decodes a JPEG at an eighth of its size before it
 * resizes, and from 5 times on at a quarter.
 */
async function smaller(
  input: SharpInput,
  options: SharpOptions,
  { width, height }: { width: number; height: number },
  divisor: Divisor,
): Promise<Buffer> {
  const times = divisor + 1
  const size = { width: Math.floor(width / times), height: Math.floor(height / times), fit: 'fill' } as const
  return sharp(input, options).resize(size).raw().toBuffer()
}

/**
 * Asserts that an image has the same samples without its high frequencies, and that these are libjpeg's samples of the
 * image without them. libjpeg's samples of the whole image differ.
 */
async function assertDecoded(file: Buffer, divisor: Divisor, message?: string): Promise<void> {
  const size = await sharp(file).metadata()
  const lower = withoutHighFrequencies(file, sidesFor(size.chromaSubsampling, divisor))
  const { data, ...raw } = decodeReduced(file, divisor, copyOf)
  const expected = [Math.floor(size.width / divisor), Math.floor(size.height / divisor)]
  assert.deepEqual([raw.width, raw.height], expected, message)
  assert.ok(Buffer.from(decodeReduced(lower, divisor, copyOf).data).equals(data), message)
  const [ours, theirs] = await Promise.all([
    smaller(data, { raw }, size, divisor),
    smaller(lower, {}, size, divisor),
  ])
  assert.ok(ours.equals(theirs), message)
}

const copyOf = (samples: Samples): Samples => ({ ...samples, data: samples.data.slice() })

/** A baseline JPEG whose last columns and rows only fill its last blocks. The codes stay the same. */
function withFewer(columnsAndRows: number, jpeg: Uint8Array): Buffer {
  const file = Buffer.from(jpeg)
  const frame = file.indexOf(Buffer.of(0xff, 0xc0))
  for (const at of [frame + 5, frame + 7]) file.writeUInt16BE(file.readUInt16BE(at) - columnsAndRows, at)
  return file
}

/** How many samples a block of each component has across and down. */
function sidesFor(chromaSubsampling: string | undefined, divisor: Divisor): number[] {
  const side = 8 / divisor
  const isHalved = chromaSubsampling === '4:2:0' || chromaSubsampling === '4:1:0'
  return isHalved ? [side, 2 * side, 2 * side] : [side, side, side]
}

for (const divisor of [4, 8] as const)
  test(`a JPEG decodes at 1/${divisor} of its size to the same samples as in libjpeg, except for high frequencies`, async () => {
    for (const [index, file] of sampledFiles.entries())
      for (const fewer of [0, 1, 2, 3, 5, 6, 7])
        await assertDecoded(
          withFewer(fewer, file),
          divisor,
          `file ${index} without ${fewer} columns and rows`,
        )
    const kinds = fc.record({
      width: fc.integer({ min: 10, max: 200 }),
      height: fc.integer({ min: 10, max: 200 }),
      isNoise: fc.boolean(),
      isGrey: fc.boolean(),
      // At quality 100, all coefficients occur; at 5, sums are beyond the range of samples.
      quality: fc.constantFrom(5, 50, 80, 100),
      chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
    })
    await fc.assert(
      fc.asyncProperty(kinds, async kind => assertDecoded(await encodeJpeg(kind), divisor)),
      { numRuns: 300 },
    )
  })

for (const divisor of [4, 8] as const)
  test(`at 1/${divisor}, a damaged file is refused for the same reason as when its codes are only followed`, async () => {
    const kind = { width: 90, height: 70, isNoise: true, isGrey: false, quality: 90 }
    const sound = [
      ...sampledFiles,
      await encodeJpeg({ ...kind, chromaSubsampling: '4:2:0' }),
      await encodeJpeg({ ...kind, chromaSubsampling: '4:4:4' }),
    ]
    const random = randomFrom(6)
    let refused = 0
    for (let round = 0; round < 3000; round++) {
      const jpeg = Buffer.from(sound[random(sound.length)] ?? assert.fail())
      const end = random(8) === 0 ? random(jpeg.length) : jpeg.length
      jpeg[random(jpeg.length)] = random(256)
      const damaged = jpeg.subarray(0, end)
      const reason = errorOf(jpeg => decodeReduced(jpeg, divisor, copyOf), damaged)
      // Following adds up no DC, so it doesn't find one that is out of range, but may find another fault later.
      if (reason !== 'a coefficient is out of range') assert.equal(reason, errorOf(followJpeg, damaged))
      if (reason !== undefined) refused++
    }
    assert.ok(refused > 500, `${refused} were refused`)
  })

test('sampling factors with a common divisor are refused', () => {
  for (const file of divisibleFiles)
    assert.throws(() => decodeReduced(file, 8, copyOf), {
      name: 'NotWellFormed',
      message: 'the sampling factors have a common divisor',
    })
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
