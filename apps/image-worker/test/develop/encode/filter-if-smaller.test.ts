import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { assertSame, inspect } from '../inspect.ts'
import { bytesOf } from '../run.ts'

test('a decoded PNG of gentle colours stays small in every kind of image, and is exact', async () => {
  const [width, height] = [320, 240]
  for (const [bits, channels] of [
    [8, 3],
    [8, 4],
    [16, 3],
    [8, 2],
  ] as const) {
    const kind = `${channels} channels of ${bits} bits`
    const most = 2 ** bits - 1
    const values = Array.from({ length: width * height * channels }, (_, at) => {
      const [x, y] = [Math.floor(at / channels) % width, Math.floor(at / (channels * width))]
      return (most * (1 + Math.sin((x + 40 * (at % channels)) / 97) * Math.cos(y / 61))) / 2
    })
    const samples = bits === 16 ? Uint16Array.from(values) : Uint8Array.from(values)
    const png = await sharp(samples, { raw: { width, height, channels } })
      .toColourspace(channels === 2 ? 'b-w' : bits === 16 ? 'rgb16' : 'srgb')
      .png({ adaptiveFiltering: true })
      .toBuffer()
    for (const operations of ['flip', 'flop,pad:3']) {
      const result = await bytesOf(png, operations)
      assert.ok(
        result.length < 1.5 * png.length,
        `${kind}, ${operations}: ${png.length}, then ${result.length}`,
      )
    }
    assertSame(await inspect(await bytesOf(png, 'flip,invert,flip,invert')), await inspect(png), kind)
  }
})
