import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import { bytesSource, readAvifCoding } from '@darkroom/image-header'
import sharp, { type Sharp } from 'sharp'
import { assertSame, type Inspected, inspect, inspectResult, meanError, permuted } from '../inspect.ts'
import { exifOf } from '../metadata-traces.ts'
import { bytesOf, run } from '../run.ts'
import {
  assembleHeif,
  box,
  clap,
  flatItem,
  gridOf,
  type HeifItem,
  imir,
  irot,
  ispe,
  nclx,
  sample,
  tileItem,
} from './heif-assembler.ts'

/** The samples of a lossless result. */
async function decoded(heic: Uint8Array): Promise<Inspected> {
  return inspectResult(await run(heic, 'format:png'))
}

const tile = await decoded(sample('tile.heic'))

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

const turns: Record<string, { properties: Uint8Array[]; turn: (image: Sharp) => Sharp }> = {
  'a quarter anti-clockwise': { properties: [irot(1)], turn: image => image.rotate(270) },
  'a half': { properties: [irot(2)], turn: image => image.rotate(180) },
  'a quarter clockwise': { properties: [irot(3)], turn: image => image.rotate(90) },
  'top and bottom mirrored': { properties: [imir(0)], turn: image => image.flip() },
  'left and right mirrored': { properties: [imir(1)], turn: image => image.flop() },
}

for (const [name, { properties, turn }] of Object.entries(turns))
  test(`a HEIC is turned once, whatever its EXIF orientation: ${name}`, async () => {
    const expected = await inspect(
      await turn(sharp(await bytesOf(sample('tile.heic'), 'format:png')))
        .png()
        .toBuffer(),
    )
    const items = [tileItem(...properties), exifItem(6)]
    for (const operations of ['format:png', 'format:png,metadata:keep'])
      assertSame(await inspectResult(await run(assembleHeif(items), operations)), expected, operations)
  })

test('a grid whose turn is declared for its tiles, too, is turned once', async () => {
  const size = { columns: 2, rows: 1, width: 128, height: 64 }
  const upright = await bytesOf(gridOf(size), 'format:png')
  const expected = await inspect(await sharp(upright).rotate(270).png().toBuffer())
  assertSame(await decoded(gridOf(size, tileItem(irot(1)), irot(1))), expected)
})

test('turns follow each other in the order of the file', async () => {
  const upright = sharp(await bytesOf(sample('tile.heic'), 'format:png'))
  const turned = await upright.rotate(270).png().toBuffer()
  const expected = await inspect(await sharp(turned).flip().png().toBuffer())
  assertSame(await decoded(assembleHeif([tileItem(irot(1), imir(0))])), expected)
})

const crops: Record<string, { properties: Uint8Array[]; crop: string }> = {
  'a corner': {
    properties: [clap({ width: 20, height: 10, right: -22, down: 27 })],
    crop: 'crop:20x10+0+54',
  },
  'large fractions': {
    properties: [clap({ width: 40, height: 32, right: 2, down: 0 }, 100_000)],
    crop: 'crop:40x32+14+16',
  },
  'more than the image': {
    properties: [clap({ width: 70, height: 32, right: 0, down: 0 })],
    crop: 'crop:64x32+0+16',
  },
  nothing: { properties: [clap({ width: 0, height: 30, right: 0, down: 0 })], crop: 'crop:64x64+0+0' },
  'a part, then turned': {
    properties: [clap({ width: 20, height: 10, right: -22, down: 27 }), irot(1), imir(1)],
    crop: 'crop:20x10+0+54,rotate:270,flop',
  },
  'a part of the turned image': {
    properties: [irot(3), clap({ width: 20, height: 10, right: -22, down: 27 })],
    crop: 'rotate:90,crop:20x10+0+54',
  },
}

for (const [name, { properties, crop }] of Object.entries(crops))
  test(`a HEIC is cropped as it declares: ${name}`, async () => {
    const items = [tileItem(...properties), exifItem(6)]
    const expected = await inspect(await bytesOf(await bytesOf(sample('tile.heic'), 'format:png'), crop))
    assertSame(await decoded(assembleHeif(items)), expected)
    const kept = await run(assembleHeif(items), 'format:png,metadata:keep')
    assert.ok((await sharp(kept.bytes).metadata()).exif?.includes('Ada'))
  })

test('a HEIC is developed however small the part is that it shows', async () => {
  const { width, height } = await decoded(
    assembleHeif([flatItem(clap({ width: 9, height: 7, right: 0, down: 0 }))]),
  )
  assert.deepEqual([width, height], [9, 7])
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

test('the transparency of a HEIC is kept if the result’s format supports it', async () => {
  const heic = sample('deep-alpha.heic')
  const before = await decoded(heic)
  for (const format of ['png', 'webp', 'avif', 'tiff']) {
    const after = await inspectResult(await run(heic, `format:${format}`))
    const shift = after.isDeep ? 0 : 8
    const most = after.isDeep ? 8 * 256 : 8
    for (let at = 3; at < before.samples.length; at += 4)
      assert.ok(Math.abs(((before.samples[at] ?? 0) >> shift) - (after.samples[at] ?? 0)) <= most, format)
  }
  assert.equal((await sharp((await run(heic, 'flip')).bytes).metadata()).channels, 3)
})

test('a HEIC of more than 8 bits stays deep if the result’s format supports it', async () => {
  for (const [format, isDeep] of Object.entries({
    png: true,
    tiff: true,
    avif: true,
    webp: false,
    jpeg: false,
  })) {
    const result = await inspectResult(await run(sample('deep-alpha.heic'), `flip,format:${format}`))
    assert.equal(result.isDeep, isDeep, format)
  }
  const { samples } = await decoded(sample('deep-alpha.heic'))
  assert.ok(new Set(samples).size > 256)
  assert.ok(
    samples.every(sample => (sample & 63) === sample >> 10),
    '10 bits are scaled to 16',
  )
})

test('a HEIC in Display P3 keeps its values and profile, or becomes sRGB in formats without profiles', async () => {
  const heic = sample('camera.heic')
  const { icc } = await sharp(heic).metadata()
  assert.ok(icc)
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff'])
    assert.deepEqual((await sharp((await run(heic, `format:${format}`)).bytes).metadata()).icc, icc, format)
  const png = await bytesOf(heic, 'format:png')
  assert.ok(meanError(await inspect(png), await inspect(sample('camera.png'))) < 1)
  const gif = await inspect(await bytesOf(heic, 'format:gif'))
  const converted = await inspect(await sharp(png).toColourspace('srgb').png().toBuffer())
  assert.ok(meanError(converted, await inspect(png)) > 5, 'the conversion changes the values')
  assert.ok(meanError({ ...gif, format: 'png' }, converted) < 3)
})

test('colours that a HEIC gives by number are kept by a profile or by number, or become sRGB', async () => {
  const p3 = assembleHeif([tileItem(nclx(12, 13))])
  const jpeg = await run(p3, 'format:jpeg')
  const { icc } = await sharp(jpeg.bytes).metadata()
  assert.ok(icc?.includes(Buffer.from('acsp')))
  assertSame(await decoded(p3), tile)
  const shown = await inspect(
    await sharp(await bytesOf(p3, 'format:tiff'))
      .toColourspace('srgb')
      .png()
      .toBuffer(),
  )
  assert.ok(meanError(shown, tile) > 2, 'Display P3 looks different from sRGB')
  const gif = await inspect(await bytesOf(p3, 'format:gif'))
  assert.ok(meanError({ ...gif, format: 'png' }, shown) < 3)

  const pq = assembleHeif([tileItem(nclx(9, 16))])
  const avif = await readAvifCoding(bytesSource(await bytesOf(pq, 'format:avif')))
  assert.deepEqual([avif?.cicp.primaries, avif?.cicp.transfer], [9, 16])
  const dimmed = await inspect(await bytesOf(pq, 'format:jpeg'))
  assert.ok(meanError({ ...dimmed, format: 'png' }, tile) > 5, 'HDR becomes sRGB')
})

test('a HEIC that is cropped at odd places keeps its colours in any range, and their numbers', async () => {
  for (const range of ['full', 'narrow'] as const) {
    const colours = nclx(12, 13, range)
    // Within one of the four coloured quarters.
    const corner = clap({ width: 15, height: 15, right: -19.5, down: -19.5 }, 2)
    const cropped = await run(assembleHeif([tileItem(colours, corner)]), 'format:png')
    const expected = await run(assembleHeif([tileItem(colours)]), 'crop:15x15+5+5,format:png')
    assert.ok(meanError(await inspectResult(cropped), await inspectResult(expected)) < 3, range)
    assert.deepEqual(cicpOf(cropped.bytes), cicpOf(expected.bytes))
  }
})

test('premultiplied colours are divided by their transparency', async () => {
  const alpha = tileItem(box('auxC', Buffer.alloc(4), 'urn:mpeg:hevc:2015:auxid:1\0'))
  const straight = [tileItem(), { ...alpha, references: { auxl: [1] } }]
  const multiplied = [
    { ...tileItem(), references: { prem: [2] } },
    { ...alpha, references: { auxl: [1] } },
  ]
  const [plain, divided] = [await decoded(assembleHeif(straight)), await decoded(assembleHeif(multiplied))]
  for (let at = 0; at < plain.samples.length; at += 4) {
    const [sample = 0, , , transparency = 0] = plain.samples.subarray(at, at + 4)
    const expected = transparency === 0 ? 0 : Math.min(Math.round((sample * 255) / transparency), 255)
    assert.deepEqual([divided.samples[at], divided.samples[at + 3]], [expected, transparency])
  }
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
  const lying = tileItem()
  await assert.rejects(
    run(
      assembleHeif([{ ...lying, properties: [...(lying.properties ?? []).slice(0, 1), ispe(32, 16)] }]),
      'flip',
    ),
    {
      code: /image/,
      message: /[a-z]{3} [a-z]{3}/,
    },
  )
})

/** The primaries and the transfer that a PNG declares by number. */
function cicpOf(png: Uint8Array): number[] {
  const at = Buffer.from(png).indexOf('cICP')
  assert.ok(at > 0)
  return [...png.subarray(at + 4, at + 6)]
}

/** EXIF of image 1: the orientation of the camera, and the artist. */
function exifItem(orientation: number): HeifItem {
  const data = Buffer.concat([Buffer.alloc(4), exifOf(orientation)])
  return { type: 'Exif', data, references: { cdsc: [1] } }
}
