import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { optimiseJpeg } from '../../../src/develop/jpeg/optimise-jpeg.ts'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import { encodeJpeg, type JpegKind } from '../../permute/jpeg/encode-jpeg.ts'
import { divisibleFiles, sampledFiles } from '../../permute/jpeg/sampled-files.ts'
import { decode } from './decode.ts'

const kinds: fc.Arbitrary<JpegKind> = fc.record({
  width: fc.integer({ min: 1, max: 300 }),
  height: fc.integer({ min: 1, max: 300 }),
  isNoise: fc.boolean(),
  isGrey: fc.boolean(),
  // At quality 1, most blocks end after DC; at 100, blocks are coded to their last coefficients, some in more than 16 bits.
  quality: fc.constantFrom(1, 30, 80, 100),
  chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
  optimiseCoding: fc.boolean(),
})

test('changing only the codes gives the same file as unpacking and encoding all coefficients', async () => {
  const property = fc.asyncProperty(kinds, async kind => assertSame(await encodeJpeg(kind)))
  await fc.assert(property, { numRuns: 300 })
  // Long enough for the largest tables of runs.
  const large = { width: 700, height: 500, isGrey: false, quality: 95, chromaSubsampling: '4:2:0' }
  for (const isNoise of [false, true])
    for (const optimiseCoding of [false, true])
      assertSame(await encodeJpeg({ ...large, isNoise, optimiseCoding }))
})

function assertSame(file: Buffer): void {
  assert.ok(Buffer.from(optimiseJpeg(file)).equals(permuteJpeg(file, 'rgb')))
}

test('the pixels stay, whatever the sampling, and with restart markers', async () => {
  for (const [index, file] of [...sampledFiles, ...divisibleFiles].entries()) {
    const [ours, theirs] = await Promise.all([decode(optimiseJpeg(file)), decode(file)])
    assert.ok(ours.equals(theirs), `file ${index}`)
  }
})
