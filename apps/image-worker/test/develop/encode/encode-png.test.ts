import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import fc from 'fast-check'
import sharp, { type Channels, type Sharp } from 'sharp'
import { writePng } from '../../../src/develop/encode/encode-png.ts'
import { settingsFor } from '../../../src/develop/encode/encode-settings.ts'
import type { Original } from '../../../src/develop/original.ts'
import type { Output } from '../../../src/develop/output.ts'
import { noiseBytes } from '../../permute/pictures.ts'
import { assertSame, inspect } from '../inspect.ts'

const settings = settingsFor(
  { bits: 8, pixels: 1, frames: 1, hasAlpha: false, delays: [], loop: 0 },
  { format: 'png', metadata: 'strip' } as Output,
  { format: 'jpeg' } as Original,
)

interface Kind {
  width: number
  height: number
  channels: 1 | 3 | 4
  bits: 8 | 16
  content: 'noise' | 'flat' | 'steps'
}

function imageOf({ width, height, channels, bits, content }: Kind): Sharp {
  const count = width * height * channels
  const noise = noiseBytes(2 * count, width)
  const value = (at: number) =>
    content === 'noise' ? (noise[at] ?? 0) * 257 : content === 'flat' ? 4660 : (at >> 6) * 771
  const samples = bits === 8 ? new Uint8Array(count) : new Uint16Array(count)
  for (let at = 0; at < count; at++) samples[at] = value(at)
  const space = channels === 1 ? 'grey16' : 'rgb16'
  const image = sharp(samples, { raw: { width, height, channels } })
  return bits === 16 ? image.toColourspace(space) : image.toColourspace(channels === 1 ? 'b-w' : 'srgb')
}

async function assertExact(kind: Kind): Promise<void> {
  const { data } = await writePng(imageOf(kind), settings, kind)
  assertSame(await inspect(data), await inspect(await imageOf(kind).png().toBuffer()))
  // Any fault of the stream, such as a wrong Adler-32 or bytes after it, is an error.
  await sharp(data, { failOn: 'warning' }).raw().toBuffer()
}

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

test('a large image has exactly its samples, whichever encoder suits it', async () => {
  for (const bits of [8, 16] as const)
    for (const channels of [1, 3, 4] as const)
      for (const content of ['noise', 'flat', 'steps'] as const)
        await assertExact({ width: 701, height: 503, channels, bits, content })
})

test('rows may be longer than the blocks they are compressed in, and there may be many', async () => {
  const shape = { channels: 3, bits: 8 } as const
  for (const content of ['noise', 'steps'] as const) {
    await assertExact({ ...shape, width: 60_000, height: 3, content })
    await assertExact({ ...shape, width: 2, height: 60_000, content })
  }
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
