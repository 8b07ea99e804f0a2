// Slow: it develops each kind of profile in every format.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { attachMetadata } from '../../src/develop/metadata/attach.ts'
import { assemblePng, chunk } from '../permute/png/png-assembler.ts'
import { photo, size } from './coloured-photo.ts'
import { assembleHeif, box, greyItem, tileItem } from './heic/heif-assembler.ts'
import { greyProfile, iccSegments, identityProfile } from './icc-profiles.ts'
import { assertSame, inspect, meanError } from './inspect.ts'
import { jpegWith } from './metadata-traces.ts'
import { run } from './run.ts'

test('a grey profile stays with grey; otherwise the samples become sRGB', async () => {
  const linear = greyProfile()
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('grey\0\0', 'latin1'), deflateSync(linear)]))
  const levels = [0, 50, 100, 200, 255]
  const shown = [0, 122, 168, 229, 255]
  for (const bitDepth of [8, 16]) {
    const scale = bitDepth === 16 ? 257 : 1
    for (const colorType of [0, 4]) {
      const samples = levels.flatMap(level => [level, 255].slice(0, colorType === 4 ? 2 : 1))
      const picture = {
        width: 5,
        height: 1,
        colorType,
        bitDepth,
        samples: samples.map(level => level * scale),
      }
      const file = assemblePng(picture, { before: [profile] })
      const brightnesses = async (operations: string) => {
        const { bytes } = await run(file, operations)
        const { samples, isDeep } = await inspect(bytes)
        const { icc } = await sharp(bytes).metadata()
        return {
          icc,
          red: Array.from(
            samples.filter((_, at) => at % 4 === 0),
            red => red / (isDeep ? 257 : 1),
          ),
        }
      }
      for (const chain of ['flip', 'greyscale,format:tiff', 'pad:0:0:1:0:808080']) {
        const { icc, red } = await brightnesses(chain)
        assert.deepEqual([icc, red.slice(0, 5)], [linear, levels], `${chain} of ${colorType}/${bitDepth}`)
      }
      for (const chain of ['flip,format:webp:100', 'format:avif:100', 'format:gif', 'pad:0:0:1:0:ff0000']) {
        const { icc, red } = await brightnesses(chain)
        const off = Math.max(...shown.map((level, at) => Math.abs(level - (red[at] ?? 0))))
        assert.ok(icc === undefined && off <= 4, `${chain} of ${colorType}/${bitDepth}: ${red}`)
      }
      assert.equal((await brightnesses('tint:ff8000')).icc, undefined)
    }
  }
})

test('a grey profile of a coloured image is dropped, also from the grey that is made of it', async () => {
  const plain = await photo().jpeg().toBuffer()
  const file = jpegWith(plain, iccSegments(greyProfile()))
  for (const chain of [
    'greyscale',
    'greyscale,format:webp',
    'greyscale,format:tiff',
    'greyscale,format:gif',
  ]) {
    const { bytes } = await run(file, chain)
    assert.equal((await sharp(bytes).metadata()).icc, undefined, chain)
    assertSame(await inspect(bytes), await inspect((await run(plain, chain)).bytes), chain)
  }
})

test('a profile of other colours than red, green and blue is ignored in a coloured image', async () => {
  for (const space of ['XYZ ', 'Lab '])
    for (const format of ['png', 'tiff', 'jpeg', 'webp'] as const)
      for (const chain of ['format:gif', 'swap-channels:rgb', 'greyscale', 'tint:ff8000,format:gif']) {
        const plain = await photo().toFormat(format).toBuffer()
        const { bytes } = await run(
          attachMetadata(plain, format, { icc: identityProfile(space) }, size),
          chain,
        )
        const name = `${space} in ${format}, ${chain}`
        assert.equal((await sharp(bytes).metadata()).icc, undefined, name)
        assertSame(await inspect(bytes), await inspect((await run(plain, chain)).bytes), name)
      }
})

test('a grey profile of a HEIC is dropped if there are colours, otherwise the grey becomes sRGB', async () => {
  const profile = box('colr', 'prof', greyProfile())
  for (const [item, isConverted] of [
    [tileItem, false],
    [greyItem, true],
  ] as const)
    for (const chain of ['swap-channels:rgb', 'greyscale,format:png', 'format:webp:100']) {
      const { bytes } = await run(assembleHeif([item(profile)]), chain)
      assert.equal((await sharp(bytes).metadata()).icc, undefined, chain)
      const plain = await inspect((await run(assembleHeif([item()]), chain)).bytes)
      const expected = isConverted ? { ...plain, samples: plain.samples.map(fromLinear) } : plain
      assert.ok(meanError(await inspect(bytes), expected) < 2, `${chain}, ${isConverted}`)
    }
})

/** A sample of linear light in sRGB (IEC 61966-2-1). */
function fromLinear(sample: number): number {
  const light = sample / 255
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055))
}
