import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { assertSame, inspect, inspectResult } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { decoded } from './decoded.ts'
import {
  assembleHeif,
  clap,
  exifItem,
  flatItem,
  gridOf,
  imir,
  irot,
  sample,
  tileItem,
} from './heif-assembler.ts'

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
  'a part of odd sides, then turned': {
    properties: [clap({ width: 19, height: 11, right: -18.5, down: 23.5 }, 2), irot(1)],
    crop: 'crop:19x11+4+50,rotate:270',
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
