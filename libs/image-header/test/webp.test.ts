import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

test('WebP chunks of odd size are followed by their padding', async () => {
  const odd = made.riffChunk('XYZ ', new Uint8Array(7))
  const anim = made.riffChunk('ANIM', new Uint8Array(6))
  const frames = [made.anmf(made.vp8l(20, 10)), odd, made.anmf(made.vp8l(20, 10), odd)]
  const header = await readBytes(made.riff(made.vp8x(2, 20, 10), odd, anim, ...frames))
  assert.deepEqual([header.frames, header.channels, header.lossless], [2, 3, true])
})

test('an animation with a WebP frame smaller than the canvas has alpha', async () => {
  const header = await readBytes(made.riff(made.vp8x(2, 40, 10), made.anmf(made.vp8l(20, 10))))
  assert.deepEqual([header.channels, header.pixels], [4, 400])
})

test('a WebP frame cannot hide in another', async () => {
  const hidden = made.anmf(made.vp8l(20, 10), made.anmf(made.vp8l(20, 10)), made.anmf(made.vp8l(20, 10)))
  assert.equal((await readBytes(made.riff(made.vp8x(2, 20, 10), hidden))).frames, 3)
})

test('a WebP is refused if its image has another size than declared, or extends beyond the canvas or the file', async () => {
  const image = made.vp8l(4000, 4000)
  await assertMalformed(made.riff(made.vp8x(0, 4, 4), image), /does not have the size in its header/)
  await assertMalformed(
    made.riff(made.vp8x(2, 4, 4), made.anmf(image)),
    /extends beyond the animation's canvas/,
  )
  await assertMalformed(made.riff(made.vp8x(0, 4, 4)), /contains no image/)
  await assertMalformed(made.riff(image).subarray(0, 20), /shorter than the size in its RIFF header/)
})
