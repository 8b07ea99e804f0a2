// Slow: it compares hundreds of resized pictures.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOperations } from '@darkroom/contracts'
import sharp from 'sharp'
import { resizeOptions } from '../../../src/develop/operations/resize.ts'
import { fuse } from '../../../src/develop/ways/fuse.ts'
import { stepByStep } from '../../../src/develop/ways/step-by-step.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { withoutHighFrequencies } from '../../permute/jpeg/without-high-frequencies.ts'
import { assertSame, inspect, meanError } from '../inspect.ts'
import { developedBy, jobOf } from '../job-of.ts'
import { run } from '../run.ts'

test('a smaller JPEG or WebP differs from its steps no more than in sharp itself', async t => {
  const [width, height] = [305, 203]
  const picture = generatedPhoto({ width, height, seed: 1 })
  const smaller = [
    'resize:30x',
    'resize:x51',
    'resize:100x60',
    'resize:45x100:fill',
    'resize:40x40:outside',
    'resize:40x25:cover:top-left',
    'resize:25x40:cover:bottom-right',
  ]
  let worst = 0
  const turns = ['flip', 'rotate:90', 'rotate:270,flop']
  for (const format of ['jpeg', 'webp'] as const) {
    for (const orientation of [1, 3, 6]) {
      const file = await picture.clone().withMetadata({ orientation }).toFormat(format).toBuffer()
      const lying = await sharp(file).autoOrient().rotate(90).toFormat(format).toBuffer()
      for (const resize of smaller) {
        const own = Math.max(await ownDifference(file, resize), await ownDifference(lying, resize))
        for (const chain of [resize, ...turns.flatMap(turn => [`${turn},${resize}`, `${resize},${turn}`])]) {
          const operations = `${chain},format:png`
          const job = await jobOf(file, operations)
          const [fused, stepwise] = await Promise.all([fuse, stepByStep].map(way => developedBy(way, job)))
          const difference = meanError(await inspect(fused ?? file), await inspect(stepwise ?? file))
          assert.ok(
            difference <= own + 0.5,
            `${format} ${orientation} ${operations}: ${difference}, of sharp ${own}`,
          )
          worst = Math.max(worst, difference - own)
        }
      }
    }
  }
  t.diagnostic(`at most ${worst.toFixed(2)} of 255 more than in sharp`)
})

/** How much sharp's resizing of a file differs from its resizing of the samples. */
async function ownDifference(file: Uint8Array, operation: string): Promise<number> {
  const [resize] = parseOperations(operation)
  if (resize?.name !== 'resize') assert.fail(operation)
  const options = resizeOptions(resize)
  const { data, info } = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true })
  const [fromFile, fromSamples] = [sharp(file).autoOrient(), sharp(data, { raw: info })]
  const pngs = await Promise.all([fromFile, fromSamples].map(image => image.resize(options).png().toBuffer()))
  const [one, other] = await Promise.all(pngs.map(inspect))
  return one && other ? meanError(one, other) : assert.fail()
}

test('a JPEG that becomes smaller has the size of its steps, also if a side of the box is left open', async () => {
  for (const [width, height, orientation, resize] of [
    [629, 747, 6, 'resize:x34:cover:enlarge'],
    [17, 40, 2, 'resize:x13:cover'],
    [760, 1039, 7, 'resize:x97:contain'],
  ] as const) {
    const picture = sharp({ create: { width, height, channels: 3, background: '#406080' } })
    const file = await picture.withMetadata({ orientation }).jpeg().toBuffer()
    const upright = await sharp(file).autoOrient().png().toBuffer()
    for (const chain of [resize, `${resize},crop:9999x5:bottom-right`, `crop:500x500,${resize},rotate:90`]) {
      const [{ facts }, expected] = await Promise.all([run(file, chain), run(upright, chain)])
      assert.deepEqual([facts.width, facts.height], [expected.facts.width, expected.facts.height], chain)
    }
  }
})

test('a JPEG without high frequencies that becomes much smaller has the same samples as in sharp', async () => {
  const [width, height] = [331, 251]
  const pixels = generatedPhoto({ width, height, seed: 9 })
  for (let orientation = 1; orientation <= 8; orientation++) {
    const encoded = await pixels
      .clone()
      .withMetadata({ orientation, ...(orientation % 2 === 0 && { icc: 'p3' }) })
      .jpeg({ quality: 90, chromaSubsampling: orientation < 5 ? '4:2:0' : '4:4:4' })
      .toBuffer()
    const file = withoutHighFrequencies(encoded, [2, 2, 2])
    for (const [resize, options] of [
      // From 9 times smaller on, sharp decodes at an eighth.
      ['resize:27x20:fill', { width: 27, height: 20, fit: 'fill' }],
      // From 5 to 9 times smaller, sharp decodes at a quarter.
      ['resize:38x29:fill', { width: 38, height: 29, fit: 'fill' }],
      ['resize:66x50:fill', { width: 66, height: 50, fit: 'fill' }],
      ['resize:40x40:cover', { width: 40, height: 40 }],
      // From 4 to 5 times, at half.
      ['resize:70x52:fill', { width: 70, height: 52, fit: 'fill' }],
      ['resize:15x25:cover', { width: 15, height: 25 }],
      ['resize:25x8:cover:top-left', { width: 25, height: 8, position: 'left top' }],
    ] as const) {
      const smaller = sharp(file, { ignoreIcc: true }).autoOrient().resize(options)
      const expected = await smaller.png().toBuffer()
      for (const turn of ['', ',flip', ',rotate:90', ',rotate:270,flop']) {
        const message = `orientation ${orientation}, ${resize}${turn}`
        const turned = turn === '' ? expected : (await run(expected, turn.slice(1))).bytes
        const { bytes } = await run(file, `${resize}${turn},format:png`)
        assertSame(await inspect(bytes), await inspect(turned), message)
      }
    }
  }
})

test('a thumbnail of a narrow JPEG contains all its columns and rows', async () => {
  for (const side of [3, 13, 47, 103]) {
    for (const size of [
      { width: side, height: 1000 },
      { width: 1000, height: side },
    ]) {
      const file = await generatedPhoto({ ...size, seed: side })
        .jpeg()
        .toBuffer()
      const png = await sharp(file).png().toBuffer()
      for (const chain of ['resize:20x20', 'flip,resize:50x50', 'resize:20x20:fill,rotate:90']) {
        const operations = `${chain},format:png`
        const [thumbnail, expected] = await Promise.all([run(file, operations), run(png, operations)])
        assertSame(await inspect(thumbnail.bytes), await inspect(expected.bytes), `${side}: ${operations}`)
      }
    }
  }
})
