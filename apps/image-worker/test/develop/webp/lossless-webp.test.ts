import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import sharp from 'sharp'
import { generatedPhoto } from '../../generated-photo.ts'
import { bytesOf } from '../run.ts'

test('a photograph becomes a lossless WebP of the usual size in less CPU time than with sharp', async t => {
  const png = await generatedPhoto({ width: 1500, height: 1000, seed: 2 }).png().toBuffer()
  const webp = await sharp(png).webp({ lossless: true, effort: 0 }).toBuffer()
  const usual = await timed(() => sharp(webp).flip().webp({ lossless: true, exact: true }).toBuffer())
  const own = await timed(() => bytesOf(webp, 'flip'))
  t.diagnostic(`${own.bytes} bytes in ${own.ms} ms, ${usual.bytes} in ${usual.ms} ms`)
  assert.ok(own.bytes <= 1.01 * usual.bytes)
  assert.ok(own.ms <= 0.8 * usual.ms)
})

async function timed(work: () => Promise<Uint8Array>): Promise<{ bytes: number; ms: number }> {
  const before = process.cpuUsage()
  const { length } = await work()
  const { user, system } = process.cpuUsage(before)
  return { bytes: length, ms: Math.round((user + system) / 1000) }
}
