import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import sharp from 'sharp'
import { assertSame, inspect, inspectResult, meanError, permuted } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { decoded, tile } from './decoded.ts'
import { assembleHeif, box, exifItem, gridOf, irot, ispe, sample, tileItem } from './heif-assembler.ts'

for (const [name, most] of [
  ['tile', 1],
  ['camera', 1],
  // heif-convert leaves the lower bits of its 16 empty, and rounds colours differently.
  ['deep-alpha', 2 * 64 + 63],
] as const)
  test(`a HEIC has the samples that heif-convert gives: ${name}`, async () => {
    const expected = await inspect(sample(`${name}.png`))
    const actual = await decoded(sample(`${name}.heic`))
    assert.equal(actual.isDeep, expected.isDeep)
    assert.equal(actual.samples.length, expected.samples.length)
    const off = Math.max(...expected.samples.map((value, at) => Math.abs(value - (actual.samples[at] ?? 0))))
    assert.ok(off <= most, `a sample is off by ${off}`)
  })

test('a HEIC becomes a JPEG with its channels swapped, unless other operations are requested', async () => {
  const result = await inspectResult(await run(sample('tile.heic'), 'swap-channels'))
  assert.equal(result.format, 'jpeg')
  const off = meanError({ ...result, format: 'png' }, permuted(tile, 'bgr'))
  assert.ok(off < 5, `off by ${off}`)
  for (const format of outputFormats)
    assert.equal((await inspectResult(await run(sample('tile.heic'), `format:${format}`))).format, format)
})

test('the primary image of several is developed', async () => {
  const expected = await decoded(assembleHeif([tileItem(irot(1))]))
  assertSame(await decoded(assembleHeif([tileItem(), tileItem(irot(1))], { primary: 2 })), expected)
})

test('a grid of tiles is joined, and cut to its size before it is turned', async () => {
  const grid = gridOf({ columns: 2, rows: 2, width: 120, height: 100 }, tileItem(), irot(1))
  const whole = await decoded(grid)
  assert.deepEqual([whole.width, whole.height], [100, 120])
  const corner = await inspect(await bytesOf(grid, 'rotate:90,crop:64x64+0+0,format:png'))
  assertSame(corner, tile)
})

test('thumbnails, depth maps and gain maps are ignored', async () => {
  const alone = await decoded(sample('tile.heic'))
  const items = [
    tileItem(),
    { ...tileItem(irot(1)), references: { thmb: [1] } },
    ...['urn:mpeg:hevc:2015:auxid:2', 'urn:com:apple:photo:2020:aux:hdrgainmap'].map(urn => ({
      ...tileItem(box('auxC', Buffer.alloc(4), `${urn}\0`)),
      references: { auxl: [1] },
    })),
  ]
  assertSame(await decoded(assembleHeif(items)), alone)
})

test('metadata is dropped, or kept with its orientation reset', async () => {
  const heic = assembleHeif([tileItem(irot(3)), exifItem(6)])
  assert.equal((await sharp((await run(heic, 'flip')).bytes).metadata()).exif, undefined)
  const { exif, orientation } = await sharp((await run(heic, 'flip,metadata:keep')).bytes).metadata()
  assert.ok(exif?.includes('Ada'))
  assert.equal(orientation ?? 1, 1)
})

test('the codec of the primary image decides, independent of the brands', async () => {
  assertSame(await decoded(assembleHeif([tileItem()], { brands: ['mif1'] })), tile)
  assertSame(await decoded(assembleHeif([tileItem()], { brands: ['mif1', 'avif'] })), tile)
  const avif = await sharp(sample('tile.png')).avif({ effort: 0 }).toBuffer()
  avif.write('mif1', 8, 'latin1')
  for (
    let at = avif.indexOf('avif', 12);
    at !== -1 && at < avif.readUInt32BE(0);
    at = avif.indexOf('avif', at)
  )
    avif.write('mif1', at, 'latin1')
  assert.equal((await inspectResult(await run(avif, 'flip'))).format, 'avif')
})

test('a truncated or damaged HEIC fails with a reason, in every operation', async () => {
  const heic = sample('tile.heic')
  for (const bytes of [heic.subarray(0, 1200), heic.subarray(0, heic.length - 100)])
    await assert.rejects(run(bytes, 'flip'), { code: 'undecodable-image', message: /[a-z]{3} [a-z]{3}/ })
  const shrunk = tileItem()
  await assert.rejects(
    run(
      assembleHeif([{ ...shrunk, properties: [...(shrunk.properties ?? []).slice(0, 1), ispe(32, 16)] }]),
      'flip',
    ),
    {
      code: /image/,
      message: /[a-z]{3} [a-z]{3}/,
    },
  )
})
