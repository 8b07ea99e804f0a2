import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import sharp from 'sharp'
import { assembleHeif, box, clap, gridOf, type HeifItem, irot, ispe } from '../heic/heif-assembler.ts'
import { drawn, inspectResult } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'

test('an AVIF that declares its turn only for its colours has turned transparency, too', async () => {
  const result = await inspectResult(await run(await sample('turned-alpha'), 'format:png'))
  const [blue, red] = ['0000ff40', 'ff0000ff'].map(pixel => new Array(8).fill(pixel).join(' '))
  assert.deepEqual(drawn(result), [...new Array(8).fill(blue), ...new Array(8).fill(red)])
})

test('an AVIF sequence with a still image is developed as that image', async () => {
  const result = await inspectResult(await run(await sample('sequence'), 'swap-channels:bgr'))
  assert.deepEqual(new Set(drawn(result)), new Set([new Array(16).fill('ff0000ff').join(' ')]))
})

test('an AVIF sequence without a still image fails with this reason', async () => {
  for (const box of ['meta', 'pitm']) {
    const file = await sample('sequence')
    file.write('free', file.indexOf(box), 'latin1')
    await assert.rejects(run(file, 'flip'), /a sequence without a still image is not supported/)
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

for (const side of [64, 32])
  test(`an AVIF is cropped together with its transparency of ${side} x ${side} pixels`, async () => {
    const [colours, transparency] = [await twoColours(), await twoColours(side)]
    const kind = box('auxC', Buffer.alloc(4), 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')
    const file = (...properties: Uint8Array[]) =>
      assembleHeif([colours(...properties), { ...transparency(irot(0), kind), references: { auxl: [1] } }], {
        brands: ['avif', 'mif1'],
      })
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
async function twoColours(side = 64): Promise<(...properties: Uint8Array[]) => HeifItem> {
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) =>
    at % 3 === (at < (side * side * 3) / 2 ? 0 : 2) ? 255 : 0,
  )
  const file = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .avif({ lossless: true })
    .toBuffer()
  const av1CAt = file.indexOf('av1C') - 4
  const own = [file.subarray(av1CAt, av1CAt + file.readUInt32BE(av1CAt)), ispe(side, side)]
  const data = file.subarray(file.indexOf('mdat') + 4)
  return (...properties) => ({ type: 'av01', data, properties: [...own, ...properties] })
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
