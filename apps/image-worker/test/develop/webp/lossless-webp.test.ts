import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { generatedPhoto } from '../../generated-photo.ts'
import { bytesOf } from '../run.ts'

test('a photograph becomes a lossless WebP of the usual size, although the encoder makes less effort', async () => {
  const png = await generatedPhoto({ width: 600, height: 400, seed: 2 }).png().toBuffer()
  const webp = await sharp(png).webp({ lossless: true, effort: 0 }).toBuffer()
  const usual = await sharp(webp).flip().webp({ lossless: true, exact: true }).toBuffer()
  const own = await bytesOf(webp, 'flip')
  assert.ok(own.length <= 1.01 * usual.length, `${own.length} bytes instead of ${usual.length}`)
})
