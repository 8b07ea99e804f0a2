import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { riffChunks } from '../../src/develop/webp/riff-chunks.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { assembleGif } from '../permute/gif/gif-assembler.ts'
import { chunk, splitChunks } from '../permute/png/png-assembler.ts'
import { long } from './animated-png.ts'
import { assertSame, inspect, inspectResult } from './inspect.ts'
import { drawing, rasterOf } from './rasters.ts'
import { run } from './run.ts'

const size = { width: 48, height: 32 }
const photo = () => generatedPhoto({ ...size, seed: 2 })

test('an animation stays animated between GIF and WebP, with its delays and loop; other formats keep its first frame', async () => {
  const raster = rasterOf({ width: 12, height: 9, frames: 3, channels: 3, bits: 8, seed: 6 })
  const animation = { delay: [40, 80, 120], loop: 3 }
  const gif = await drawing(raster).gif(animation).toBuffer()
  const webp = await drawing(raster)
    .webp({ lossless: true, ...animation })
    .toBuffer()
  for (const [file, type] of [
    [gif, 'webp'],
    [webp, 'gif'],
    [gif, 'gif'],
    [webp, 'webp'],
  ] as const) {
    const result = await inspectResult(await run(file, `flip,format:${type}`))
    assert.deepEqual([result.frames, result.delays, result.loop], [3, [40, 80, 120], 3])
    assert.deepEqual([result.width, result.height], [12, 9])
  }
  for (const type of ['jpeg', 'png', 'avif'] as const) {
    const result = await inspectResult(await run(webp, `format:${type}:90`))
    assert.deepEqual([result.frames, result.width, result.height], [1, 12, 9])
  }
  const png = await inspectResult(await run(webp, 'format:png'))
  assertSame(
    { ...png, loop: undefined },
    { ...(await inspect(await sharp(webp, { page: 0 }).png().toBuffer())), loop: undefined },
  )
})

test('an animated PNG keeps its frames, or fails with a reason: it never loses frames', async () => {
  const png = withTwoFrames(await photo().png().toBuffer(), [0, 1, 2])
  const { bytes, facts } = await run(png, 'swap-channels:gbr')
  assert.equal(facts.frames, 2)
  assert.equal((await readImageHeader(bytesSource(bytes))).frames, 2)
  assert.equal((await run(png, 'format:webp')).facts.contentType, 'image/webp')
  const broken = withTwoFrames(await photo().png().toBuffer(), [0, 2, 1])
  for (const operations of ['swap-channels:gbr', 'flip'])
    await assert.rejects(run(broken, operations), /animation is not well formed: .*out of sequence/)
  // Other formats get the default image, which programs show that don't support animated PNG.
  assert.equal((await run(broken, 'format:webp')).facts.frames, 1)
})

/** The same picture twice, with these sequence numbers (PNG third edition, 11.3.6). */
function withTwoFrames(png: Buffer, sequence: readonly [number, number, number]): Buffer {
  const [header, ...rest] = splitChunks(png)
  const image = rest.filter(({ type }) => type === 'IDAT')
  const control = (number: number) =>
    chunk('fcTL', Buffer.concat([long(number, size.width, size.height, 0, 0), Buffer.of(0, 1, 0, 10, 0, 0)]))
  assert.ok(header)
  return Buffer.concat([
    png.subarray(0, 8),
    ...[header.whole, chunk('acTL', long(2, 0)), control(sequence[0]), ...image.map(({ whole }) => whole)],
    ...[
      control(sequence[1]),
      chunk('fdAT', Buffer.concat([long(sequence[2]), ...image.map(({ data }) => data)])),
    ],
    chunk('IEND'),
  ])
}

test('a WebP keeps the shortest delays, also if frames are merged; a WebP made of a GIF shows them as long as browsers do', async () => {
  const picture = { width: 4, height: 4, channels: 3, bits: 8 } as const
  const [one, two] = [
    rasterOf({ ...picture, frames: 1, seed: 1 }),
    rasterOf({ ...picture, frames: 1, seed: 2 }),
  ]
  const samples = Uint8Array.from([one, two, two, one].flatMap(({ samples }) => [...samples]))
  const animation = drawing({ ...picture, frames: 4, samples })
  const delay = [0, 5, 0, 70]
  const webp = Buffer.from(await animation.webp({ lossless: true, delay: [20, 30, 40, 70] }).toBuffer())
  for (const [index, { data }] of framesOfWebp(webp).entries())
    data.writeUIntLE([0, 5, 70][index] ?? 0, 12, 3)
  for (const operations of ['flip', 'swap-channels:bgr', 'flip,format:webp:50']) {
    const { frames, delays } = await inspectResult(await run(webp, operations))
    assert.deepEqual([frames, delays], [3, [0, 5, 70]], operations)
  }
  const gif = await animation.gif({ delay }).toBuffer()
  const { delays } = await inspectResult(await run(gif, 'flip,format:webp'))
  assert.deepEqual(delays, [100, 100, 70])
})

function framesOfWebp(webp: Buffer) {
  return [...riffChunks(webp)].filter(({ type }) => type === 'ANMF')
}

test('frames that show the same picture may become one frame with their total delay', async () => {
  const still = rasterOf({ width: 8, height: 8, frames: 1, channels: 3, bits: 8, seed: 1 })
  const samples = Uint8Array.from([
    ...still.samples,
    ...still.samples,
    ...still.samples.map(sample => 255 - sample),
  ])
  const webp = await drawing({ ...still, frames: 3, samples })
    .webp({ lossless: true, delay: [50, 60, 70] })
    .toBuffer()
  const before = await inspect(webp)
  const { delays } = await inspectResult(await run(webp, 'swap-channels:bgr'))
  const total = (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0)
  assert.equal(total(delays), total(before.delays))
  assert.equal(total(delays), 180)
})

test('an opaque animation whose frames change only parts stays opaque', async () => {
  const palette = Uint8Array.from([255, 0, 0, 0, 0, 255])
  const control = { delay: 10, disposal: 1, transparent: 1 }
  const frames = [
    { width: 3, height: 1, indexes: [0, 0, 0], control: { delay: 10, disposal: 1 } },
    { width: 1, height: 1, left: 1, indexes: [0], control },
  ]
  const gif = assembleGif({ width: 3, height: 1, palette, frames })
  const { channels } = await sharp((await run(gif, 'blur:1,format:tiff')).bytes).metadata()
  assert.equal(channels, 3)
})
