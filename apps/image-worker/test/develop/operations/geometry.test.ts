import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { drawn, inspect, inspectResult, meanError } from '../inspect.ts'
import { drawing, rasterOf, rasters } from '../rasters.ts'
import { run } from '../run.ts'
import { assertDraws, pngOf } from './letter-pictures.ts'

test('pictures are mirrored and turned by right angles to the pixel, in 8 and 16 bits, with transparency', async () => {
  const picture = ['abc', 'def']
  const turned = {
    flip: ['def', 'abc'],
    flop: ['cba', 'fed'],
    'rotate:90': ['da', 'eb', 'fc'],
    'rotate:-90': ['cf', 'be', 'ad'],
    'rotate:270': ['cf', 'be', 'ad'],
    'rotate:180': ['fed', 'cba'],
    'rotate:-180': ['fed', 'cba'],
    'rotate:0': picture,
    'rotate:360': picture,
  }
  for (const file of [await pngOf(picture), await pngOf(picture, '80'), await pngOf(picture, '', 16)]) {
    for (const [operation, letters] of Object.entries(turned)) await assertDraws(file, operation, letters)
  }
})

test('the corners that a rotation uncovers are transparent if the image has transparency, otherwise white', async () => {
  for (const [suffix, corner] of [
    ['', 'ffffffff'],
    ['ff', '00000000'],
  ]) {
    const result = await inspectResult(
      await run(await pngOf(new Array(9).fill('a'.repeat(9)), suffix), 'rotate:45'),
    )
    assert.deepEqual([result.width > 11, drawn(result)[0]?.slice(0, 8)], [true, corner])
  }
  const deep = await inspectResult(
    await run(await pngOf(new Array(9).fill('a'.repeat(9)), '', 16), 'rotate:45'),
  )
  assert.equal(drawn(deep)[0]?.slice(0, 16), 'ffffffffffffffff')
})

test('a crop takes the middle or the given place, is cut at the edges, and refused outside', async () => {
  const file = await pngOf(['abcd', 'efwk', 'dcba'])
  await assertDraws(file, 'crop:2x1', ['fw'])
  await assertDraws(file, 'crop:2x2+1+1', ['fw', 'cb'])
  await assertDraws(file, 'crop:9x9+2+1', ['wk', 'ba'])
  await assertDraws(file, 'crop:9x9', ['abcd', 'efwk', 'dcba'])
  await assertDraws(file, 'crop:1x1+3+2', ['a'])
  for (const [place, words] of [
    ['4+0', '4,0'],
    ['0+3', '0,3'],
    ['500+500', '500,500'],
  ]) {
    await assert.rejects(run(file, `crop:1x1+${place}`), {
      code: 'crop-outside',
      message: `the rectangle to cut out begins at ${words}; the image has 4 x 3 pixels at that step: choose a smaller left or top`,
    })
  }
})

test('each fit gives its size, and only `enlarge` enlarges', async () => {
  const raster = rasterOf({ width: 40, height: 20, frames: 1, channels: 3, bits: 8, seed: 1 })
  const file = await drawing(raster).png().toBuffer()
  const sizes = {
    'resize:10x10': [10, 5],
    'resize:10x10:inside': [10, 5],
    'resize:10x10:outside': [20, 10],
    'resize:10x10:cover': [10, 10],
    'resize:10x10:contain': [10, 10],
    'resize:10x10:fill': [10, 10],
    'resize:10x': [10, 5],
    'resize:x10': [20, 10],
    'resize:80x80': [40, 20],
    'resize:80x': [40, 20],
    'resize:80x80:outside': [40, 20],
    'resize:80x80:fill': [40, 20],
    'resize:80x80:enlarge': [80, 40],
    'resize:80x80:outside:enlarge': [160, 80],
    'resize:80x80:cover:enlarge': [80, 80],
    'resize:80x80:contain:enlarge': [80, 80],
    'resize:80x80:fill:enlarge': [80, 80],
    'resize:1x1': [1, 1],
  }
  for (const [operation, size] of Object.entries(sizes)) {
    const { width, height } = await inspectResult(await run(file, operation))
    assert.deepEqual([width, height], size, operation)
  }
})

test('a side of which half a pixel remains is rounded alike in each format, and before a crop', async () => {
  for (const [width, height, operation, size] of [
    [5, 10, 'resize:x29:enlarge', '15x29'],
    [5, 10, 'resize:x29:cover:center:enlarge', '15x29'],
    [44, 33, 'resize:74x:enlarge', '74x55'],
    [9, 36, 'resize:x22', '6x22'],
    [28, 42, 'resize:9x', '9x13'],
  ] as const) {
    const picture = drawing(rasterOf({ width, height, frames: 1, channels: 3, bits: 8, seed: 1 }))
    for (const format of ['png', 'jpeg', 'webp', 'tiff'] as const) {
      const file = await picture.clone().toFormat(format).toBuffer()
      for (const operations of [operation, `${operation},crop:80x80`]) {
        const { width: across, height: down } = await inspectResult(await run(file, operations))
        assert.equal(`${across}x${down}`, size, `${format} ${operations}`)
      }
    }
  }
})

test('a resize keeps the picture: areas of one colour stay so, cover cuts the sides, contain pads them', async () => {
  const halves = new Array(8).fill(`${'a'.repeat(8)}${'c'.repeat(8)}`)
  const file = await pngOf(halves)
  const small = drawn(await inspectResult(await run(file, 'resize:4x2')))
  for (const row of small) assert.deepEqual([row.slice(0, 8), row.slice(-8)], ['ff0000ff', '0000ffff'])
  const cover = drawn(await inspectResult(await run(file, 'resize:2x2:cover')))
  for (const row of cover) assert.match(row, /^[ef].0.0.ff 0.0.[ef].ff$/)
  for (const [suffix, bits, white] of [
    ['', 8, 'ffffffff'],
    ['80', 8, '00000000'],
    ['', 16, 'f'.repeat(16)],
  ] as const) {
    const contained = await inspectResult(await run(await pngOf(halves, suffix, bits), 'resize:8x8:contain'))
    const [first, middle] = [drawn(contained)[0], drawn(contained)[4]]
    assert.ok(
      first?.split(' ').every(pixel => pixel === white),
      first,
    )
    assert.equal(middle?.slice(0, bits / 4), 'f'.repeat(bits / 4))
  }
})

test('resizing gives the samples that sharp makes of the whole picture, up to rounding', async () => {
  await fc.assert(
    fc.asyncProperty(
      rasters({ channels: [1, 3] }),
      fc.integer({ min: 1, max: 24 }),
      async (raster, width) => {
        const file = await drawing(raster).png().toBuffer()
        const reference = await sharp(file)
          .toColourspace(raster.bits === 16 ? 'rgb16' : 'srgb')
          .resize({ width, withoutEnlargement: true })
          .png()
          .toBuffer()
        const result = await inspectResult(await run(file, `resize:${width}x`))
        assert.ok(meanError({ ...result, isGrey: false }, await inspect(reference)) <= 1)
      },
    ),
    { numRuns: 40 },
  )
})
