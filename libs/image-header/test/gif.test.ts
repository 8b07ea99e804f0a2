import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

test('a GIF with a hundred thousand frames of 12 bytes counts them all', async () => {
  const frames = Buffer.alloc(1_200_000, made.gifFrame())
  const header = await readBytes(made.gif(500, 400, frames))
  assert.deepEqual([header.frames, header.pixels], [100_000, 20_000_000_000])
})

test('a truncated GIF counts the frames that it contains, and is refused if it has none', async () => {
  const whole = made.gif(20, 20, made.gifFrame(), made.gifFrame(), made.gifFrame())
  assert.equal((await readBytes(whole.subarray(0, whole.length - 8))).frames, 2)
  await assertMalformed(made.gif(20, 20), /the GIF contains no frame/)
  await assertMalformed(whole.subarray(0, 20), /the GIF contains no frame/)
})

test('the size of a GIF is that of its screen, which the first frame may enlarge', async () => {
  const header = await readBytes(made.gif(640, 480, made.gifFrame(20, 10), made.gifFrame(700, 500)))
  assert.deepEqual([header.width, header.height, header.channels], [640, 480, 4])
  const large = await readBytes(made.gif(20, 20, made.gifFrame(60_000, 60_000)))
  assert.deepEqual([large.pixels, large.channels], [3_600_000_000, 3])
  const screenless = await readBytes(made.gif(0, 0, made.gifFrame(20, 10)))
  assert.deepEqual([screenless.width, screenless.height], [20, 10])
})

test('up to seven stray bytes between the blocks of a GIF are skipped, and hide no frame', async () => {
  const frame = made.gifFrame(20, 10)
  const frames = async (text: string) => {
    const strays = Buffer.from(text)
    return (await readBytes(made.gif(20, 10, strays, frame, strays, frame, strays))).frames
  }
  assert.equal(await frames('\r\n'), 2)
  assert.equal(await frames('\0\0strays'), 2)
  await assert.rejects(frames('8 strays'), { name: 'MalformedImage' })
})

test('zeros between the blocks of a GIF are skipped, and hide no frame', async () => {
  const zeros = new Uint8Array(100_000)
  const frame = made.gifFrame(20, 10)
  const control = Uint8Array.of(0x21, 0xf9, 4, 1, 0, 0, 0, 0)
  const header = await readBytes(made.gif(20, 10, zeros, frame, zeros, control, zeros, frame, zeros))
  assert.deepEqual([header.frames, header.channels], [2, 4])
})
