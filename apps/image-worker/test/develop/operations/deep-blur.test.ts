import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { bytesOf } from '../run.ts'

const deep = (image: Sharp) => image.toColourspace('rgb16').png()

async function samplesOf(png: Uint8Array): Promise<Uint16Array> {
  const { buffer, byteOffset, length } = await sharp(png).raw({ depth: 'ushort' }).toBuffer()
  return new Uint16Array(buffer, byteOffset, length / 2)
}

/** Squares of black and white. */
function board(side: number, square: number): Promise<Buffer> {
  const levels = Uint8Array.from({ length: 3 * side * side }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % side, Math.floor(at / 3 / side)]
    return (Math.floor(x / square) + Math.floor(y / square)) % 2 === 0 ? 0 : 255
  })
  return deep(sharp(levels, { raw: { width: side, height: side, channels: 3 } })).toBuffer()
}

test('a strong blur of 16-bit samples differs little from a Gaussian, also at edges', async () => {
  const png = await board(300, 50)
  for (const sigma of [19, 20, 50, 100]) {
    const expected = await samplesOf(await deep(sharp(png).blur(sigma)).toBuffer())
    const own = await samplesOf(await bytesOf(png, `blur:${sigma}`))
    assert.equal(own.length, expected.length)
    const differences = own.map((sample, at) => Math.abs(sample - (expected[at] ?? 0)))
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / own.length
    // A Gaussian of a large sigma takes ten times as long as the boxes that approximate it.
    const isInRange = sigma < 20 ? mean === 0 : mean > 0 && mean < 257
    assert.ok(isInRange, `sigma ${sigma}: ${mean} of 65535 on average`)
    const most = differences.reduce((most, difference) => Math.max(most, difference), 0)
    assert.ok(most < 3 * 257, `sigma ${sigma}: ${most} of 65535 at most`)
  }
})

test('a strong blur keeps even areas of 16-bit samples exactly', async () => {
  const create = { width: 80, height: 60, channels: 3, background: '#9c4010' } as const
  const even = await deep(sharp({ create })).toBuffer()
  const own = await samplesOf(await bytesOf(even, 'blur:40'))
  assert.deepEqual(own, await samplesOf(even))
  assert.equal(new Set(own).size, 3)
})
