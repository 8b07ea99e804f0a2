import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOperations, places } from '@darkroom/contracts'
import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { fillCall } from '../../../src/develop/fuse/fill-call.ts'
import { fuse } from '../../../src/develop/ways/fuse.ts'
import { stepByStep } from '../../../src/develop/ways/step-by-step.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { assertSame, inspect } from '../inspect.ts'
import { developedBy, jobOf } from '../job-of.ts'
import { drawing, rasters } from '../rasters.ts'
import { run } from '../run.ts'

const size = fc.integer({ min: 1, max: 30 })
const position = fc.constantFrom(...places)
const moves = fc.oneof(
  fc.constantFrom('flip', 'flop', 'rotate:90', 'rotate:180', 'rotate:270', 'rotate:-90'),
  fc.tuple(size, size, position).map(([width, height, place]) => `crop:${width}x${height}:${place}`),
  fc.tuple(size, size).map(([width, height]) => `crop:${width}x${height}+0+0`),
)
const effects = fc.constantFrom(
  ...[
    'blur:1',
    'sharpen:2',
    'brightness:1.2',
    'saturation:0.5',
    'hue:90',
    'tint:ff8000',
    'greyscale',
    'invert',
  ],
  ...[
    'swap-channels:brg',
    'rotate:30',
    'pad:3:1',
    'pad:2:ff8000',
    'pad:20x20:left:3366cc80',
    'crop:9x9:attention',
    'trim:60',
    'round:5',
    'pixelate:3',
    'normalise',
  ],
)
const resizes = fc
  .record({
    width: fc.option(size, { nil: '' }),
    height: size,
    fit: fc.oneof(
      fc.constantFrom('inside', 'outside', 'cover', 'contain', 'fill', 'cover:attention', 'contain:3366cc'),
      fc.tuple(fc.constantFrom('cover', 'contain'), position).map(([fit, place]) => `${fit}:${place}`),
    ),
    enlarge: fc.constantFrom('', ':enlarge'),
  })
  .map(({ width, height, fit, enlarge }) => `resize:${width}x${height}:${fit}${enlarge}`)
const pads = fc.constantFrom('pad:3:1', 'pad:2:ff8000', 'pad:20x20:left:3366cc', 'pad:x25:top')
const chainsOf = (operation: fc.Arbitrary<string>) =>
  fc.array(operation, { minLength: 1, maxLength: 4 }).map(operations => operations.join(','))
const chains = fc.oneof(chainsOf(fc.oneof(moves, effects, resizes)), chainsOf(fc.oneof(moves, pads, resizes)))

const orientations = fc.integer({ min: 1, max: 8 })
const metadataModes = fc.constantFrom('', ',metadata:keep')

test('lossless results equal those of all steps in order, to the last byte', async () => {
  const writers: Readonly<Record<string, (image: Sharp) => Sharp>> = {
    png: image => image.png(),
    'interlaced PNG': image => image.png({ progressive: true }),
    'lossless WebP': image => image.webp({ lossless: true, exact: true }),
  }
  await fc.assert(
    fc.asyncProperty(
      rasters({ bits: [8], channels: [1, 3, 4] }),
      fc.constantFrom(...Object.keys(writers)),
      chains,
      orientations,
      metadataModes,
      async (raster, writer, chain, orientation, mode) => {
        const write = writers[writer] ?? assert.fail()
        const file = await write(drawing(raster).withMetadata({ orientation })).toBuffer()
        await assertAlike(file, chain + mode)
      },
    ),
    { numRuns: 300 },
  )
})

test('a part that is cut out after a resizing, and padded, is padded again', async () => {
  const file = await generatedPhoto({ width: 40, height: 30, seed: 3 }).png().toBuffer()
  await assertAlike(file, 'resize:x20,crop:9x7+3+2,pad:2:ff8000,pad:3:00ff00')
  await assertAlike(file, 'resize:x20,crop:9x7+3+2,pad:20x20:left:ff8000,invert,pad:30x30:top')
})

test('the metadata of a part that is cut out after a resizing, and padded, has the size with the padding', async () => {
  const picture = generatedPhoto({ width: 40, height: 30, seed: 3 })
  for (const format of ['webp', 'jpeg', 'png'] as const) {
    const file = await picture.clone().withMetadata().toFormat(format).toBuffer()
    const padded = await developedBy(fuse, await jobOf(file, 'resize:x20,crop:9x7+3+2,pad:2:ff8000'))
    const { width, height, icc } = await sharp(padded).metadata()
    assert.deepEqual({ width, height }, { width: 13, height: 11 }, format)
    assert.ok(icc, format)
    await sharp(padded).raw().toBuffer()
  }
})

test('results in another format equal those of all steps in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      rasters({ bits: [8], channels: [1, 3, 4] }),
      fc.constantFrom('jpeg', 'webp', 'tiff', 'gif'),
      chains,
      metadataModes,
      async (raster, format, chain, mode) => {
        const file = await drawing(raster)
          .withExif({ IFD0: { Make: 'Camera' } })
          .withIccProfile('p3')
          .png()
          .toBuffer()
        await assertAlike(file, `${chain},format:${format}${mode}`)
      },
    ),
    { numRuns: 150 },
  )
})

test('lossy results of unchanged size equal those of all steps in order', async () => {
  const unscaled = chainsOf(fc.oneof(moves, effects))
  await fc.assert(
    fc.asyncProperty(
      rasters({ bits: [8], channels: [1, 3] }),
      fc.constantFrom('jpeg', 'progressive', 'webp'),
      unscaled,
      orientations,
      metadataModes,
      async (raster, format, chain, orientation, mode) => {
        const image = drawing(raster).withMetadata({ orientation })
        const file = format === 'webp' ? image.webp() : image.jpeg({ progressive: format === 'progressive' })
        await assertAlike(await file.toBuffer(), chain + mode)
      },
    ),
    { numRuns: 200 },
  )
})

const still = {
  ...{ width: 300, height: 200, isGrey: false, hasAlpha: false },
  ...{ isTurnedByCall: false, mayShrinkOnLoad: false },
}

test('operations become one call if sharp applies them in their order', () => {
  const photo = { ...still, mayShrinkOnLoad: true }
  const transparent = { ...still, hasAlpha: true }
  const calls: [subject: typeof still, chain: string, taken: number][] = [
    [
      still,
      'crop:200x100,resize:50x,rotate:90,flip,crop:20x20,blur:1,hue:20,sharpen:1,tint:00ff00,invert',
      10,
    ],
    [still, 'rotate:90,crop:100x100,flop,greyscale,flip,crop:50x50,invert', 7],
    [still, 'rotate:90,resize:100x,invert', 3],
    [still, 'flop,resize:100x100:cover,crop:90x90', 3],
    [still, 'rotate:90,resize:100x,flip', 2],
    [still, 'crop:200x100,flip,resize:100x', 2],
    [photo, 'rotate:90,resize:100x,flip', 3],
    [photo, 'flip,resize:100x100:cover', 1],
    [{ ...still, isTurnedByCall: true }, 'resize:100x', 0],
    [{ ...photo, isTurnedByCall: true }, 'resize:100x100:cover', 1],
    [still, 'blur:1,sharpen:1,normalise,tint:00ff00,invert', 5],
    [still, 'normalise,flip', 2],
    [still, 'normalise,crop:90x90', 1],
    [still, 'flip,pad:2,invert', 3],
    [still, 'pad:2,flip', 1],
    [photo, 'resize:100x100,pad:100x100:ff8000', 2],
    [{ ...still, hasAlpha: true }, 'pad:2', 0],
    [still, 'resize:100x100:cover:top,crop:90x90:left', 2],
    [photo, 'resize:100x100:outside,crop:90x90:attention', 1],
    [still, 'blur:1,flip', 1],
    [still, 'blur:1,blur:1', 1],
    [still, 'sharpen:1,blur:1', 1],
    [still, 'brightness:2,saturation:2', 1],
    [still, 'invert,resize:100x', 1],
    [still, 'resize:100x,resize:50x', 1],
    [still, 'resize:100x100:cover,flip', 1],
    [still, 'resize:100x100:contain,crop:90x90', 2],
    [still, 'rotate:30,crop:90x90', 1],
    [still, 'flip,swap-channels:bgr', 1],
    [transparent, 'resize:100x,rotate:90,invert', 3],
    [transparent, 'resize:100x,blur:1', 1],
    [transparent, 'resize:100x,brightness:2', 1],
    [transparent, 'brightness:2,sharpen:1', 1],
    [transparent, 'rotate:30', 0],
    [{ ...still, isGrey: true }, 'blur:1,tint:00ff00', 1],
    [{ ...transparent, isGrey: true }, 'flip', 0],
  ]
  for (const [subject, chain, taken] of calls) {
    const operations = parseOperations(chain)
    assert.equal(operations.length - fillCall(subject, operations).rest.length, taken, chain)
  }
})

async function assertAlike(file: Uint8Array, operations: string): Promise<void> {
  const job = await jobOf(file, operations)
  if (fuse.cost(job) === undefined) return
  const [fused, stepwise] = await Promise.allSettled([developedBy(fuse, job), developedBy(stepByStep, job)])
  if (fused.status === 'rejected' || stepwise.status === 'rejected') {
    // Operations that are impossible.
    assert.deepEqual(messageOf(fused), messageOf(stepwise), operations)
    return
  }
  assertSame(await inspect(fused.value), await inspect(stepwise.value), operations)
  assert.ok(Buffer.from(fused.value).equals(stepwise.value), operations)
}

function messageOf(result: PromiseSettledResult<unknown>): string | undefined {
  return result.status === 'rejected' ? String(result.reason) : undefined
}

test('cutting a part out of a JPEG of any orientation changes no sample', async () => {
  const [width, height] = [200, 150]
  const pixels = generatedPhoto({ width, height, seed: 8 })
  for (let orientation = 1; orientation <= 8; orientation++) {
    for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
      const file = await pixels
        .clone()
        .withMetadata({ orientation, ...(orientation % 2 === 0 && { icc: 'p3' }) })
        .jpeg({ quality: 90, chromaSubsampling })
        .toBuffer()
      const upright = await sharp(file, { ignoreIcc: true }).autoOrient().png().toBuffer()
      const part = await sharp(upright).extract({ left: 31, top: 47, width: 40, height: 25 }).png().toBuffer()
      const result = await run(file, 'crop:40x25+31+47,format:png')
      assertSame(await inspect(result.bytes), await inspect(part), `orientation ${orientation}`)
      assert.equal((await sharp(result.bytes).metadata()).orientation, undefined)
    }
  }
})
