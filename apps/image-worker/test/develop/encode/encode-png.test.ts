import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import fc from 'fast-check'
import sharp, { type Channels } from 'sharp'
import { writePng } from '../../../src/develop/encode/encode-png.ts'
import { assertExact, type Kind, settings } from './written-png.ts'

test('a PNG has exactly the samples of its image', async () => {
  const kinds: fc.Arbitrary<Kind> = fc.record({
    width: fc.integer({ min: 1, max: 120 }),
    height: fc.integer({ min: 1, max: 120 }),
    channels: fc.constantFrom(1, 3, 4),
    bits: fc.constantFrom(8, 16),
    content: fc.constantFrom('noise', 'flat', 'steps'),
  })
  await fc.assert(fc.asyncProperty(kinds, assertExact), { numRuns: 150 })
})

test('a photograph takes fewer bytes than from sharp, and a drawing as many', async () => {
  const raw = { width: 640, height: 480, channels: 3 as Channels }
  /** Rings on white. */
  const drawing = new Uint8Array(3 * raw.width * raw.height).map((_, at) => {
    const [x, y] = [Math.floor(at / 3) % raw.width, Math.floor(at / 3 / raw.width)]
    return Math.hypot(x - 300, y - 200) % 60 < 20 ? 40 * (at % 3) : 255
  })
  const images = {
    photograph: () => sharp(photograph({ ...raw, seed: 3 }), { raw }),
    drawing: () => sharp(drawing, { raw }),
  }
  const most = { photograph: 0.95, drawing: 1 }
  for (const name of ['photograph', 'drawing'] as const) {
    const { data } = await writePng(images[name](), settings, { bits: 8 })
    const other = await images[name]().png().toBuffer()
    assert.ok(data.length <= most[name] * other.length, `${name}: ${data.length} instead of ${other.length}`)
  }
})
