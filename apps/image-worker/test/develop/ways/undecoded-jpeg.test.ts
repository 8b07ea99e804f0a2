import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { undecodedJpeg } from '../../../src/develop/ways/undecoded-jpeg.ts'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import { composeTurns, turnOfOrientation } from '../../../src/permute/turn.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { inspect, inspectResult, meanError, permuted } from '../inspect.ts'
import { jobOf } from '../job-of.ts'
import { bytesOf, run } from '../run.ts'

const [width, height] = [96, 64]
const picture = () => generatedPhoto({ width, height, seed: 3 })

/** JPEGs whose edges are whole MCUs, also after a quarter turn. */
const wholeJpegs: Readonly<Record<string, () => Promise<Buffer>>> = {
  '4:2:0': () => picture().jpeg({ quality: 90 }).toBuffer(),
  '4:4:4': () => picture().jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(),
  progressive: () => picture().jpeg({ quality: 90, progressive: true }).toBuffer(),
  grey: () => picture().toColourspace('b-w').jpeg({ quality: 90 }).toBuffer(),
  '4:2:2': () => sample('../subsampled/4-2-2'),
  '4:4:0': () => sample('../subsampled/4-4-0'),
  '4:4:4 with factors of 2': () => sample('../subsampled/4-4-4-by-2x1'),
  'with restart markers': () => sample('whole-units/restarts'),
  'progressive with restart markers': () => sample('whole-units/progressive-restarts'),
}

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`${name}.jpeg`, import.meta.url))
}

const moves: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  flip: image => image.flip(),
  flop: image => image.flop(),
  'rotate:90': image => image.rotate(90),
  'rotate:180': image => image.rotate(180),
  'rotate:270': image => image.rotate(270),
  'rotate:-90': image => image.rotate(270),
  'flip,rotate:90': image => image.flip().rotate(90),
}

for (const [name, jpegOf] of Object.entries(wholeJpegs)) {
  test(`a JPEG (${name}) is turned without decoding, and looks the same as with decoding`, async () => {
    const jpeg = await jpegOf()
    for (const [operations, move] of Object.entries(moves)) {
      assert.ok(await undecodedJpeg.develop(await jobOf(jpeg, operations)), operations)
      const turned = await inspectResult(await run(jpeg, operations))
      const expected = await inspect(await move(sharp(jpeg)).png().toBuffer())
      assert.equal(turned.isGrey, (await inspect(jpeg)).isGrey)
      // Decoders round transform and upsampling in the direction of the rows.
      const error = meanError({ ...turned, format: 'png' }, expected)
      assert.ok(error < 0.5, `${operations} is off by ${error}`)
    }
  })
}

test('a JPEG that is flipped twice, flopped twice and turned four times has its old coefficients', async () => {
  for (const [name, jpegOf] of Object.entries(wholeJpegs)) {
    const jpeg = await jpegOf()
    const same = Buffer.from(permuteJpeg(jpeg, 'rgb'))
    for (const [operation, times] of [
      ['flip', 2],
      ['flop', 2],
      ['rotate:180', 2],
      ['rotate:90', 4],
      ['rotate:270', 4],
    ] as const) {
      let turned: Uint8Array = jpeg
      for (let time = 0; time < times; time++) turned = await bytesOf(turned, operation)
      assert.ok(same.equals(permuteJpeg(turned, 'rgb')), `${operation} of ${name}`)
    }
  }
})

test('two turns of coefficients equal their product', async () => {
  const jpegs = await Promise.all(Object.values(wholeJpegs).map(jpegOf => jpegOf()))
  const turns = fc.integer({ min: 1, max: 8 }).map(turnOfOrientation)
  const property = fc.property(fc.constantFrom(...jpegs), turns, turns, (jpeg, first, second) => {
    const twice = permuteJpeg(permuteJpeg(jpeg, 'rgb', first), 'rgb', second)
    assert.ok(Buffer.from(permuteJpeg(jpeg, 'rgb', composeTurns(first, second))).equals(twice))
  })
  fc.assert(property, { numRuns: 200 })
})

test('a turn and the orientation of the upload become one turn of coefficients, and no orientation is left', async () => {
  for (const metadata of ['strip', 'keep']) {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const jpeg = await picture()
        .withMetadata({ orientation, density: 300 })
        .jpeg({ quality: 95 })
        .toBuffer()
      const result = await run(jpeg, `rotate:90,metadata:${metadata}`)
      const expected = await sharp(await sharp(jpeg).autoOrient().png().toBuffer())
        .rotate(90)
        .png()
        .toBuffer()
      const turned = await inspectResult(result)
      assert.ok(meanError({ ...turned, format: 'png' }, await inspect(expected)) < 0.3, `${orientation}`)
      const { orientation: left = 1, density } = await sharp(result.bytes).metadata()
      assert.deepEqual([left, density], [1, 300])
      assert.ok(await undecodedJpeg.develop(await jobOf(jpeg, 'rotate:90')))
    }
  }
})

test('a JPEG is turned and permuted without decoding, in any order', async () => {
  const jpeg = await picture().jpeg({ quality: 95 }).toBuffer()
  const expected = permuted(await inspect(await sharp(jpeg).rotate(90).png().toBuffer()), 'bgr')
  for (const operations of ['rotate:90,swap-channels:bgr', 'swap-channels:bgr,rotate:90']) {
    assert.ok(await undecodedJpeg.develop(await jobOf(jpeg, operations)))
    const result = await inspectResult(await run(jpeg, operations))
    assert.ok(meanError({ ...result, format: 'png' }, expected) < 1)
  }
})

test('a JPEG is never trimmed: if a turn moves an edge within a unit to the front, the JPEG is decoded', async () => {
  const [across, down] = [width - 7, height - 9]
  const jpeg = await picture()
    .extract({ left: 0, top: 0, width: across, height: down })
    .jpeg({ quality: 95 })
    .toBuffer()
  for (const [operations, move] of Object.entries(moves)) {
    if (operations !== 'flip,rotate:90')
      assert.equal(await undecodedJpeg.develop(await jobOf(jpeg, operations)), undefined)
    const result = await inspectResult(await run(jpeg, operations))
    const expected = await inspect(await move(sharp(jpeg)).png().toBuffer())
    assert.deepEqual([result.width, result.height], [expected.width, expected.height])
    const error = meanError({ ...result, format: 'png' }, expected)
    assert.ok(error < 3, `${operations} is off by ${error}`)
  }
})

test('a requested quality or format, and any other operation, need another way', async () => {
  const jpeg = await picture().jpeg().toBuffer()
  for (const operations of [
    'flip,format:jpeg:50',
    'flip,format:png',
    'flip,invert',
    'rotate:45',
    'flip,crop:16x16',
  ])
    assert.equal(undecodedJpeg.cost(await jobOf(jpeg, operations)), undefined, operations)
})

test('a JPEG whose end is missing gets the same error whether it would be turned or decoded', async () => {
  for (const [name, jpegOf] of Object.entries(wholeJpegs)) {
    const jpeg = await jpegOf()
    const damaged = jpeg.subarray(0, jpeg.length - 40)
    const errorOf = (operations: string) =>
      run(damaged, operations).then(
        () => assert.fail(`${name} is taken for ${operations}`),
        (error: unknown) => String(error),
      )
    assert.equal(await errorOf('flip'), await errorOf('invert'))
  }
})
