import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { inspect, inspectResult } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'

const size = 16
/** The third frame equals the second, and is merged with it. */
const colours = ['#f00', '#0f0', '#0f0', '#00f']

test('half transparent pixels of an animated lossy WebP keep their transparency where opaque parts move', async () => {
  const webp = await animation([50, 60, 70, 80])
  for (const operations of ['format:webp:80', 'format:webp:80,flip', 'format:webp:20,greyscale']) {
    const once = await run(webp, operations)
    await assertTransparency(once.bytes, operations)
    assert.deepEqual((await inspectResult(once)).delays, [50, 130, 80])
    // A lossy original stays lossy.
    for (const next of ['swap-channels:bgr', 'flop', 'resize:16x16:fill'])
      await assertTransparency(await bytesOf(once.bytes, next), `${operations} and ${next}`)
  }
})

test('the transparency of frames is right with short delays, too', async () => {
  for (const delays of [
    [0, 10, 10, 5],
    [1, 1, 1, 60_000],
  ])
    await assertTransparency(
      await bytesOf(await animation(delays), 'format:webp:20,greyscale'),
      String(delays),
    )
})

/** Every frame has the same transparency: opaque corners on a half transparent ground. */
async function assertTransparency(webp: Uint8Array, message: string): Promise<void> {
  const { samples, frames } = await inspect(webp)
  assert.equal(frames, 3)
  const alpha = Array.from({ length: samples.length / 4 }, (_, pixel) => samples[4 * pixel + 3])
  const isCorner = (at: number) => at < 4 || at >= size - 4
  const expected = alpha.map((_, pixel) => {
    const [column, row] = [pixel % size, Math.floor(pixel / size) % size]
    return isCorner(column) && isCorner(row) ? 255 : 128
  })
  assert.deepEqual(alpha, expected, message)
}

async function animation(delay: number[]): Promise<Uint8Array> {
  const frames = await Promise.all(colours.map(frameOf))
  return sharp(frames, { join: { animated: true } })
    .webp({ lossless: true, delay })
    .toBuffer()
}

function frameOf(background: string): Promise<Buffer> {
  const corner = { create: { width: 4, height: 4, channels: 4, background } } as const
  const places = [0, size - 4].flatMap(left => [0, size - 4].map(top => ({ input: corner, left, top })))
  return sharp({ create: { width: size, height: size, channels: 4, background: '#80808080' } })
    .composite(places)
    .png()
    .toBuffer()
}
