import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { cutJpeg } from '../../../src/permute/jpeg/cut-jpeg.ts'
import { followJpeg } from '../../../src/permute/jpeg/follow-jpeg.ts'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import type { Rectangle } from '../../../src/permute/rectangle.ts'
import { randomFrom } from '../../seeded-random.ts'
import { encodeJpeg } from './encode-jpeg.ts'
import { divisibleFiles, sampledFiles } from './sampled-files.ts'

const written = fc
  .record({
    width: fc.integer({ min: 1, max: 130 }),
    height: fc.integer({ min: 1, max: 130 }),
    // At quality 100, blocks are coded to their last coefficients.
    quality: fc.constantFrom(20, 80, 100),
    chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
    isNoise: fc.boolean(),
    optimiseCoding: fc.boolean(),
  })
  .map(kind => encodeJpeg(kind))

const jpegs = fc.oneof(
  { weight: 3, arbitrary: written },
  fc.constantFrom(...sampledFiles, ...divisibleFiles).map(async file => file),
)

function rectangleIn(width: number, height: number, [a, b, c, d]: readonly number[]): Rectangle {
  const within = (length: number, one = 0, other = 0) => {
    const from = Math.floor(Math.min(one, other) * (length - 1))
    return [from, Math.max(Math.ceil(Math.max(one, other) * length), from + 1) - from] as const
  }
  const [left, across] = within(width, a, b)
  const [top, down] = within(height, c, d)
  return { left, top, width: across, height: down }
}

test('a part that is cut out of a JPEG decodes to the same samples as in the whole', async () => {
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  const property = fc.asyncProperty(jpegs, fc.tuple(place, place, place, place), async (file, places) => {
    const whole = await file
    const { width, height } = await sharp(whole).metadata()
    const rectangle = rectangleIn(width, height, places)
    const { jpeg, window } = cutJpeg(whole, rectangle)
    const left = rectangle.left - window.left
    const top = rectangle.top - window.top
    const part = sharp(jpeg, { failOn: 'warning' })
    const size = await part.metadata()
    assert.deepEqual([size.width, size.height], [window.width, window.height])
    const cut = await part
      .extract({ ...rectangle, left, top })
      .raw()
      .toBuffer()
    assert.ok(cut.equals(await sharp(whole).extract(rectangle).raw().toBuffer()), JSON.stringify(rectangle))
  })
  await fc.assert(property, { numRuns: 400 })
})

test('only the units around a rectangle are cut out', async () => {
  const jpeg = await encodeJpeg({
    ...{ width: 400, height: 300, isNoise: false },
    ...{ quality: 80, chromaSubsampling: '4:2:0', optimiseCoding: true },
  })
  const { window } = cutJpeg(jpeg, { left: 100, top: 100, width: 60, height: 28 })
  assert.deepEqual(window, { left: 80, top: 80, width: 96, height: 64 })
})

test('a file whose codes are only skipped is refused for the same reasons as a file whose codes are read', async () => {
  const sound = [
    ...sampledFiles,
    await encodeJpeg({
      ...{ width: 90, height: 70, isNoise: true },
      ...{ quality: 100, chromaSubsampling: '4:2:0', optimiseCoding: false },
    }),
    await encodeJpeg({
      ...{ width: 90, height: 70, isNoise: false },
      ...{ quality: 60, chromaSubsampling: '4:4:4', optimiseCoding: true },
    }),
  ]
  const random = randomFrom(5)
  let [accepted, refused] = [0, 0]
  for (let round = 0; round < 4000; round++) {
    const jpeg = Buffer.from(sound[random(sound.length)] ?? assert.fail())
    const end = random(8) === 0 ? random(jpeg.length) : jpeg.length
    for (let left = 1 + random(2); left > 0; left--) {
      const at = random(jpeg.length)
      jpeg[at] = (jpeg[at] ?? 0) ^ (1 << random(8))
    }
    const damaged = jpeg.subarray(0, end)
    const reason = reasonOf(() => permuteJpeg(damaged, 'rgb'))
    if (reason === undefined) accepted += 1
    else refused += 1
    // Following adds up no DC, so it doesn't find one that is out of range, but may find another fault later.
    if (!reason?.includes('out of range'))
      assert.equal(
        reasonOf(() => followJpeg(damaged)),
        reason,
      )
    assert.equal(
      reasonOf(() => cutJpeg(damaged, { left: 9, top: 17, width: 5, height: 3 })),
      reason,
    )
  }
  assert.ok(accepted > 400 && refused > 1000, `${accepted} accepted, ${refused} refused`)
})

function reasonOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return String(error)
  }
}

test('a progressive JPEG and a JPEG of several scans are not cut', async () => {
  for (const name of ['progressive-restarts', 'two-scans', 'scan-by-scan']) {
    const jpeg = await readFile(new URL(`../../develop/mend/clean/${name}.jpeg`, import.meta.url))
    const words = { name: 'NotWellFormed', message: 'the image has several scans' }
    assert.throws(() => followJpeg(jpeg), words, name)
  }
})
