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

test('a WebP may have a wrong size in its RIFF header, and no padding at its end, if its chunks are complete', async () => {
  const odd = made.riffChunk('XYZ ', new Uint8Array(7))
  const still = made.riff(made.vp8x(0, 20, 10), made.vp8l(20, 10), odd)
  const frames = [made.anmf(made.vp8l(20, 10)), made.anmf(made.vp8l(20, 10)), odd]
  const animation = made.riff(made.vp8x(2, 20, 10), ...frames)
  for (const webp of [still, animation])
    for (const size of [-9, -8, -7, 0]) {
      const declared = webp.length + size
      assert.deepEqual(await readBytes(withDeclared(declared, webp)), await readBytes(webp))
      assert.deepEqual(await readBytes(withDeclared(declared, webp.subarray(0, -1))), await readBytes(webp))
    }
  assert.equal((await readBytes(withDeclared(0xffff_fff6, still))).frames, 1)
})

test('an animated WebP is refused if a whole frame may be missing at its end', async () => {
  const animation = made.riff(
    made.vp8x(2, 20, 10),
    made.anmf(made.vp8l(20, 10)),
    made.anmf(made.vp8l(20, 10)),
  )
  await assertMalformed(
    withDeclared(animation.length - 8 + 24, animation),
    /shorter than the size in its RIFF header/,
  )
})

test('a WebP of more frames than libwebp finds in a second is refused', async () => {
  const pixel = made.anmf(made.vp8l(1, 1))
  const animation = (frames: number) =>
    made.riff(made.vp8x(2, 1, 1), ...new Array<Uint8Array>(frames).fill(pixel))
  assert.equal((await readBytes(animation(30_000))).frames, 30_000)
  await assertMalformed(animation(30_001), /more than 30000 frames/)
})

/** The file with another size in its RIFF header. */
function withDeclared(size: number, webp: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(webp)
  changed.set(made.uint32le(size), 4)
  return changed
}
