// Slow: it generates many examples.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import fc from 'fast-check'
import sharp from 'sharp'
import { followScans, mendJpeg } from '../../../src/develop/mend/mend-jpeg.ts'
import { randomFrom } from '../../seeded-random.ts'
import { inspectResult, meanError } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { cleanJpegs } from './clean-jpegs.ts'
import {
  canHave,
  flipped,
  markersOf,
  oddities,
  restartsOf,
  spliced,
  withAdobe,
  withJfif,
  withStrays,
  withZeroRanges,
} from './oddities.ts'

const clean = await cleanJpegs()
const odd = [...clean].flatMap(([name, jpeg]) =>
  Object.entries(oddities)
    .filter(([oddity]) => canHave(name, oddity))
    .map(([oddity, make]) => ({ name: `${name} with ${oddity}`, jpeg, odd: make(jpeg) }))
    .filter(({ jpeg, odd }) => !odd.equals(jpeg)),
)

const operations = ['swap-channels:gbr', 'flip', 'resize:9x9,format:webp', 'format:png,metadata:keep']

for (const name of ['95-samsung-8x8.jpg', '95-one-byte-before-dqt.jpg']) {
  test(`${name} is developed, with the samples of a lenient decoder`, async () => {
    const file = await readFile(new URL(`../cases/${name}`, import.meta.url))
    for (const operation of operations) await run(file, operation)
    const { bytes } = await run(file, 'format:png')
    assertEqual(await strictly(bytes), await leniently(file))
  })
}

suite('a complete JPEG with a harmless oddity', () => {
  for (const { name, jpeg, odd: file } of odd) {
    test(`${name} is developed like a JPEG without it`, async () => {
      assert.deepEqual(
        await readImageHeader(bytesSource(file)),
        await readImageHeader(bytesSource(jpeg)),
        'the header',
      )
      // With four components, the transform decides their meaning.
      const same = name.startsWith('cmyk with transform') ? withAdobe(jpeg, 2) : jpeg
      const expected = await expectedOf(same)
      assertEqual(await leniently(file), expected.decoded)
      assertEqual(await strictly(await bytesOf(file, 'flip,format:png')), expected.flipped)
      // Some oddities don't concern the decoder, but the reader of coefficients.
      const swapped = await run(file, 'swap-channels:gbr')
      assert.ok(meanError(await inspectResult(swapped), expected.swapped) < 6)
    })
  }
})

/** The results of a JPEG without oddities. Many files are compared with the same JPEG, so its results are kept. */
function expectedOf(jpeg: Buffer): Promise<Expected> {
  const known = expectations.get(jpeg) ?? developExpected(jpeg)
  expectations.set(jpeg, known)
  return known
}

type Expected = Awaited<ReturnType<typeof developExpected>>

const expectations = new Map<Buffer, Promise<Expected>>()

async function developExpected(jpeg: Buffer) {
  return {
    decoded: await leniently(jpeg),
    flipped: await strictly(await bytesOf(jpeg, 'flip,format:png')),
    swapped: await inspectResult(await run(jpeg, 'swap-channels:gbr')),
  }
}

test('a well-formed JPEG is left alone', () => {
  for (const [name, jpeg] of clean) assert.equal(mendJpeg(jpeg), undefined, name)
})

test('an image that is too large to be held is developed with oddities, too', async () => {
  const large = await sharp({ create: { width: 6100, height: 6000, channels: 3, background: '#204060' } })
    .jpeg()
    .toBuffer()
  const strays = withStrays(withZeroRanges(large), Buffer.of(0), ({ marker }) => marker === 0xc0)
  const { facts } = await run(strays, 'swap-channels:bgr')
  assert.deepEqual([facts.width, facts.height], [6100, 6000])
})

test('a JPEG in a TIFF is developed with oddities, too', async () => {
  const [width, height] = [64, 48]
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 7) & 255)
  const tiff = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .tiff({ compression: 'jpeg' })
    .toBuffer()
  const odd = Buffer.from(tiff)
  const range = Buffer.of(0, 63, 0)
  let strips = 0
  for (let at = odd.indexOf('ffda', 0, 'hex'); at !== -1; at = odd.indexOf('ffda', at + 2, 'hex')) {
    const end = at + 2 + odd.readUInt16BE(at + 2)
    assert.deepEqual(odd.subarray(end - 3, end), range)
    odd.fill(0, end - 3, end)
    strips += 1
  }
  assert.ok(strips > 0)
  for (const operation of ['flip', 'format:png', 'resize:9x9,format:webp']) {
    const [actual, expected] = [await bytesOf(odd, operation), await bytesOf(tiff, operation)]
    assertEqual(await strictly(actual), await strictly(expected))
  }
  await run(odd, 'swap-channels:gbr')
})

/** Any bytes that neither contain a marker nor look like a segment with a damaged marker. */
const strays = fc
  .uint8Array({ min: 0, max: 254, maxLength: 20 })
  .filter(bytes => bytes.length < 4 || (bytes[1] ?? 0) < 0xc0)

const someOddities = fc.record({
  name: fc.constantFrom(...clean.keys()),
  between: strays,
  chosen: fc.integer({ min: 0, max: 0xffff }),
  jfif: fc.option(fc.integer({ min: 0, max: 255 })),
  hasZeroRanges: fc.boolean(),
})

/** No stray bytes after the data of a scan: a single damaged scan looks the same. */
function withOddities({ name, between, chosen, jfif, hasZeroRanges }: Oddities): {
  before: Buffer
  after: Buffer
} {
  const before = cleanJpeg(name)
  let after = before
  if (hasZeroRanges && !name.startsWith('progressive')) after = withZeroRanges(after)
  if (jfif !== null && name !== 'cmyk') after = withJfif(after, jfif, 2)
  const firstScan = markersOf(after).findIndex(({ marker }) => marker === 0xda)
  const places = markersOf(after).filter((_, index) => index <= firstScan && (chosen >> (index % 16)) & 1)
  after = withStrays(after, between, place => places.some(({ at }) => at === place.at))
  return { before, after }
}

type Oddities = typeof someOddities extends fc.Arbitrary<infer Value> ? Value : never

test('a complete JPEG with any oddities has the same samples as without them', async () => {
  const property = fc.asyncProperty(someOddities, async chosen => {
    const { before, after } = withOddities(chosen)
    const mended = mendJpeg(after) ?? after
    assert.equal(mended.length, after.length)
    assertEqual(await strictly(mended), await strictly(before))
    assert.equal(mendJpeg(mended), undefined)
  })
  await fc.assert(property, { numRuns: 300 })
})

test('a JPEG with any oddities is refused if its end is missing', async () => {
  const parts = fc.double({ min: 0, max: 0.999, noNaN: true })
  const property = fc.asyncProperty(someOddities, parts, async (chosen, part) => {
    const { after } = withOddities(chosen)
    // After the last codes, only the marker can be missing.
    const cut = after.subarray(0, 3 + Math.floor(part * (after.length - 23)))
    assert.equal(mendJpeg(cut), undefined)
    await assert.rejects(run(cut, 'flip'))
  })
  await fc.assert(property, { numRuns: 150 })
})

test('stray bytes before restart markers are distinguished from damaged data', async () => {
  const random = randomFrom(3)
  let [refused, mended] = [0, 0]
  for (const [name, jpeg] of clean) {
    const codes = markersOf(jpeg).find(({ marker }) => marker === 0xda)?.at ?? 0
    if (restartsOf(jpeg).length === 0 && !name.startsWith('progressive')) continue
    for (let round = 0; round < 100; round++) {
      const damaged = Buffer.from(jpeg)
      const at = codes + 14 + random(jpeg.length - codes - 16)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8))
      if (await strictly(damaged).catch(() => undefined)) continue
      refused += 1
      const tried = mendJpeg(damaged)
      if (tried && (await strictly(tried).catch(() => undefined))) mended += 1
    }
  }
  assert.ok(refused > 100 && mended <= refused / 50, `${mended} of ${refused} damaged files pass`)
})

interface CleanFiles {
  baseline: Buffer
  /** 4:4:4. */
  fullChroma: Buffer
  progressive: Buffer
  cmyk: Buffer
  restarts: Buffer
}

const lost: Readonly<Record<string, (files: CleanFiles) => Buffer>> = {
  'a marker that is damaged': ({ baseline }) => flipped(baseline, 0xc4, 0, 0x80),
  'a scan whose marker is damaged': ({ progressive }) => flipped(progressive, 0xda, 0, 0x40),
  'a marker that is now a restart marker': ({ baseline }) => flipped(baseline, 0xc4, 1, 0x10),
  'a range that is neither whole nor zero': ({ baseline }) => flipped(withJfif(baseline, 2, 1), 0xda, 12, 1),
  'a transform of colours that is damaged': ({ baseline }) => withAdobe(baseline, 0x40),
  'a transform that may be a damaged zero': ({ fullChroma }) => withAdobe(fullChroma, 2),
  'a transform of four components that may be a damaged zero': ({ cmyk }) => withAdobe(cmyk, 1),
  'a Huffman table that lost its beginning': ({ baseline }) => spliced(baseline, 0xc4, 0, 10, Buffer.of()),
  'a scan with more than a few stray bytes before a single restart marker': ({ restarts }) =>
    withStrays(restarts, Buffer.from('nine odd!'), ({ at }) => at === restartsOf(restarts)[1]?.at),
  'a quantisation table with zeros before its steps': ({ baseline }) =>
    spliced(baseline, 0xdb, 5, 0, Buffer.alloc(80)),
}

test('the codes of a JPEG with more blocks in a unit than T.81 allows are not followed', () => {
  const jpeg = cleanJpeg('with EXIF')
  assert.equal(followScans(jpeg), true)
  // Luma has 4 x 4 blocks in a unit, the others have one.
  assert.equal(followScans(spliced(jpeg, 0xc0, 11, 1, Buffer.of(0x44))), false)
})

for (const [name, damage] of Object.entries(lost)) {
  test(`${name} is not mended`, async () => {
    const file = damage({
      baseline: cleanJpeg('baseline'),
      fullChroma: cleanJpeg('with EXIF'),
      progressive: cleanJpeg('progressive'),
      cmyk: cleanJpeg('cmyk'),
      restarts: cleanJpeg('restarts'),
    })
    await assert.rejects(run(file, 'flip'), { code: 'undecodable-image' })
  })
}

function cleanJpeg(name: string): Buffer {
  return clean.get(name) ?? assert.fail(name)
}

function strictly(file: Uint8Array): Promise<Buffer> {
  return sharp(file, { failOn: 'warning' }).raw().toBuffer()
}

function leniently(file: Uint8Array): Promise<Buffer> {
  return sharp(file, { failOn: 'none' }).raw().toBuffer()
}

/** A shorter error than a comparison of all samples, and faster. */
function assertEqual(actual: Buffer, expected: Buffer): void {
  assert.ok(actual.equals(expected), 'the samples differ')
}
