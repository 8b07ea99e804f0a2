import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { bytesSource, readAvifCoding } from '@darkroom/image-header'
import sharp from 'sharp'
import { forLibheif } from '../../../src/develop/avif/for-libheif.ts'
import {
  assembleHeif,
  box,
  clap,
  gridOf,
  type HeifItem,
  imir,
  irot,
  ispe,
  nclx,
} from '../heic/heif-assembler.ts'
import { assertSame, drawn, inspect, inspectResult, meanError } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'

test('an AVIF that declares its turn only for its colours has turned transparency, too', async () => {
  const result = await inspectResult(await run(await sample('turned-alpha'), 'format:png'))
  const [blue, red] = ['0000ff40', 'ff0000ff'].map(pixel => new Array(8).fill(pixel).join(' '))
  assert.deepEqual(drawn(result), [...new Array(8).fill(blue), ...new Array(8).fill(red)])
})

test('an AVIF of odd sides is turned and mirrored to the last sample, together with its transparency', async () => {
  const [side, channels] = [61, 3] as const
  const samples = Uint8Array.from({ length: side * side * channels }, (_, at) => {
    const [x, y] = [Math.floor(at / channels) % side, Math.floor(at / channels / side)]
    return [4 * x, 4 * y, 255 - 4 * x][at % channels] ?? 0
  })
  const encoded = await sharp(samples, { raw: { width: side, height: side, channels } })
    .avif({ chromaSubsampling: '4:2:0' })
    .toBuffer()
  const [colours, transparency] = [itemOf(encoded, side), await twoOpacities(side)]
  const file = (...turns: Uint8Array[]) =>
    withTransparency(colours(...turns), transparency(alphaKind, ...turns))
  for (const [turns, operations] of [
    [[irot(1)], 'rotate:270'],
    [[irot(2)], 'rotate:180'],
    [[imir(0)], 'flip'],
    [[imir(1)], 'flop'],
    [[irot(3), imir(1)], 'rotate:90,flop'],
  ] as const)
    for (const [before, after] of [
      ['format:png', operations],
      ['swap-channels:grb,format:png', `${operations},swap-channels:grb`],
    ] as const) {
      const turned = await inspectResult(await run(file(...turns), before))
      const expected = await inspectResult(await run(await bytesOf(file(), 'format:png'), after))
      assertSame(turned, expected, operations)
    }
})

test('an AVIF sequence with a still image is developed as that image', async () => {
  const result = await inspectResult(await run(await sample('sequence'), 'swap-channels:bgr'))
  assert.deepEqual(new Set(drawn(result)), new Set([new Array(16).fill('ff0000ff').join(' ')]))
})

test('an AVIF sequence without a still image fails with this reason', async () => {
  for (const box of ['meta', 'pitm']) {
    const file = await sample('sequence')
    file.write('free', file.indexOf(box), 'latin1')
    await assert.rejects(run(file, 'flip'), /a sequence without a still image is not supported: save one/)
  }
})

test('a grid whose turn is declared for its tiles, too, is turned once', async () => {
  const tile = await twoColours()
  const size = { columns: 2, rows: 1, width: 128, height: 64 }
  const turned = await inspectResult(await run(asAvif(gridOf(size, tile(irot(1)), irot(1))), 'format:png'))
  const upright = await bytesOf(asAvif(gridOf(size, tile())), 'format:png')
  assert.deepEqual([turned.width, turned.height], [64, 128])
  assert.deepEqual(drawn(turned), drawn(await inspectResult(await run(upright, 'rotate:270'))))
})

const alphaKind = box('auxC', Buffer.alloc(4), 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')

for (const side of [64, 32])
  test(`an AVIF is cropped together with its transparency of ${side} x ${side} pixels`, async () => {
    const [colours, transparency] = [await twoColours(), await twoOpacities(side)]
    const file = (...properties: Uint8Array[]) =>
      withTransparency(colours(...properties), transparency(irot(0), alphaKind))
    const whole = await bytesOf(file(), 'format:png')
    assert.equal((await sharp(whole).stats()).isOpaque, false)
    const corner = await bytesOf(
      file(clap({ width: 4, height: 48, right: -30, down: -8 }), irot(1)),
      'format:png',
    )
    assert.deepEqual(
      drawn(await inspectResult(await run(corner, 'format:png'))),
      drawn(await inspectResult(await run(whole, 'crop:4x48+0+0,rotate:270'))),
    )
  })

test('an AVIF of narrow range and reduced colours is cropped at odd places without changing its colours', async () => {
  const flat = { width: 64, height: 64, channels: 3, background: { r: 180, g: 181, b: 165 } } as const
  const avif = await sharp({ create: flat }).avif({ chromaSubsampling: '4:2:0' }).toBuffer()
  const item = itemOf(avif, 64)
  const corner = clap({ width: 15, height: 15, right: -19.5, down: -19.5 }, 2)
  const cropped = await run(alone(item(nclx(1, 13, 'narrow'), corner)), 'format:png')
  const expected = await run(alone(item(nclx(1, 13, 'narrow'))), 'crop:15x15+5+5,format:png')
  assert.ok(meanError(await inspectResult(cropped), await inspectResult(expected)) < 1)
})

test('transparency is cropped at the exact row when its size is an inexact fraction', async () => {
  const [colours, transparency] = [await twoColours(100), await twoOpacities(58)]
  const file = (...properties: Uint8Array[]) =>
    withTransparency(colours(...properties), transparency(alphaKind))
  const lower = await run(file(clap({ width: 100, height: 50, right: 0, down: 25 })), 'format:png')
  const expected = await run(file(), 'crop:100x50+0+50,format:png')
  assert.deepEqual(drawn(await inspectResult(lower)), drawn(await inspectResult(expected)))
})

test('a cropped grid is read with the settings of its tiles', async () => {
  const tile = await twoColours()
  const size = { columns: 2, rows: 1, width: 128, height: 64 }
  const codingOf = async (...properties: Uint8Array[]) => {
    const file = forLibheif(asAvif(gridOf(size, tile(), ...properties)), { format: 'avif' })
    const { places: _, ...facts } = (await readAvifCoding(bytesSource(file))) ?? assert.fail()
    return facts
  }
  const cropped = await codingOf(clap({ width: 100, height: 64, right: 0, down: 0 }))
  assert.equal(cropped.isLossless, true)
  assert.deepEqual(cropped, await codingOf())
})

test('a grid whose last tiles are cut off fails, instead of being developed with blank tiles', async () => {
  const whole = asAvif(gridOf({ columns: 2, rows: 1, width: 128, height: 64 }, (await twoColours())()))
  const message = `the AVIF is damaged, or of a kind that is not supported: the image data ends at byte ${whole.length}, but the file has only ${whole.length - 9} bytes`
  for (const operations of ['swap-channels:bgr', 'flip', 'format:png'])
    await assert.rejects(run(whole.subarray(0, -9), operations), { code: 'undecodable-image', message })
})

test('a grid with a damaged tile fails, wherever the tile is', async () => {
  const tile = await twoColours()
  const size = { columns: 2, rows: 1, width: 128, height: 64 }
  const file = asAvif(gridOf(size, tile()))
  const upright = await bytesOf(file, 'format:png')
  assert.equal((await inspect(upright)).width, 128)
  const { length } = tile().data
  for (const start of [file.length - length, file.length - 2 * length]) {
    const damaged = Buffer.from(file)
    damaged.fill(0xa5, start + length / 2, start + length / 2 + 12)
    for (const operations of ['swap-channels:bgr', 'flip', 'format:png'])
      await assert.rejects(run(damaged, operations), { code: 'undecodable-image' })
  }
})

test('an AVIF whose last box has no size is turned and cropped as with a size', async () => {
  const file = alone((await twoColours())(irot(1), clap({ width: 32, height: 64, right: -16, down: 0 })))
  const open = Buffer.from(file)
  open.writeUInt32BE(0, open.lastIndexOf('mdat') - 4)
  assert.deepEqual((await run(open, 'format:png')).bytes, (await run(file, 'format:png')).bytes)
})

test('a grid with a damaged tile of its transparency fails', async () => {
  const [colours, tile] = [await twoColours(128), await twoOpacities(64)]
  const grid: HeifItem = {
    type: 'grid',
    data: Uint8Array.of(0, 0, 1, 1, 0, 128, 0, 128),
    properties: [ispe(128, 128), alphaKind],
    references: { auxl: [1], dimg: [3, 4, 5, 6] },
  }
  const hidden = { ...tile(alphaKind), isHidden: true }
  const file = assembleHeif([colours(), grid, hidden, hidden, hidden, hidden], { brands: ['avif', 'mif1'] })
  assert.equal((await sharp((await run(file, 'format:png')).bytes).stats()).isOpaque, false)
  const { length } = tile().data
  file.fill(0xa5, file.length - length / 2, file.length - length / 2 + 12)
  await assert.rejects(run(file, 'format:png'), { code: 'undecodable-image' })
})

test('the primary image of several is developed, wherever it stands', async () => {
  const image = await twoColours()
  const [first, second] = [
    await run(alone(image()), 'format:png'),
    await run(alone(image(irot(1))), 'format:png'),
  ]
  const items = [image(), image(irot(1)), image()]
  for (const [index, expected] of [first, second, first].entries()) {
    const file = assembleHeif(items, { primary: index + 1, brands: ['avif', 'mif1'] })
    assert.deepEqual((await run(file, 'format:png')).bytes, expected.bytes, `image ${index + 1}`)
  }
})

/** A square AVIF image, red above blue, as an item of other files. */
function twoColours(side = 64): Promise<ItemWith> {
  return twoHalves(side, 0)
}

/** Likewise, opaque above transparent: the green samples come first in the data of a lossless AVIF. */
function twoOpacities(side: number): Promise<ItemWith> {
  return twoHalves(side, 1)
}

type ItemWith = (...properties: Uint8Array[]) => HeifItem

async function twoHalves(side: number, upperChannel: number): Promise<ItemWith> {
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) =>
    at % 3 === (at < (side * side * 3) / 2 ? upperChannel : 2) ? 255 : 0,
  )
  const file = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .avif({ lossless: true })
    .toBuffer()
  return itemOf(file, side)
}

/** The image of an AVIF, as an item of another file. */
function itemOf(file: Buffer, side: number): ItemWith {
  const av1CAt = file.indexOf('av1C') - 4
  const own = [file.subarray(av1CAt, av1CAt + file.readUInt32BE(av1CAt)), ispe(side, side)]
  const data = file.subarray(file.indexOf('mdat') + 4)
  return (...properties) => ({ type: 'av01', data, properties: [...own, ...properties] })
}

function withTransparency(colours: HeifItem, transparency: HeifItem): Buffer {
  const items = [colours, { ...transparency, references: { auxl: [1] } }]
  return assembleHeif(items, { brands: ['avif', 'mif1'] })
}

function alone(item: HeifItem): Buffer {
  return assembleHeif([item], { brands: ['avif', 'mif1'] })
}

function asAvif(file: Buffer): Buffer {
  file.write('avif', 8, 'latin1')
  file.write('avif', 16, 'latin1')
  return file
}

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`${name}.avif`, import.meta.url))
}
