import assert from 'node:assert/strict'
import { test } from 'node:test'
import { places } from '@darkroom/contracts'
import sharp from 'sharp'
import { generatedPhoto } from '../../generated-photo.ts'
import { assertSame, inspect, inspectResult, meanError } from '../inspect.ts'
import { run } from '../run.ts'

const [width, height] = [121, 80]
const photo = generatedPhoto({ width, height, seed: 4 })
const png = await photo.clone().png().toBuffer()

/** sharp's name of the position. */
const inSharp = (place: string) => place.split('-').reverse().join(' ')

test('the positions of a resize select the same parts as in sharp', async () => {
  for (const fit of ['cover', 'contain'] as const) {
    for (const place of places) {
      for (const box of [
        { width: 40, height: 40 },
        { width: 37, height: 21 },
      ]) {
        const options = { ...box, fit, position: inSharp(place), background: '#ffffff' }
        const expected = await photo.clone().resize(options).png().toBuffer()
        const result = await run(png, `resize:${box.width}x${box.height}:${fit}:${place}`)
        assertSame(await inspectResult(result), await inspect(expected), `${fit} ${place}`)
      }
    }
  }
})

test('a cover by attention or entropy selects the same part as sharp', async () => {
  for (const position of ['attention', 'entropy']) {
    for (const box of [
      { width: 40, height: 40 },
      { width: 20, height: 70 },
    ]) {
      const expected = await photo
        .clone()
        .resize({ ...box, fit: 'cover', position })
        .png()
        .toBuffer()
      const result = await run(png, `resize:${box.width}x${box.height}:cover:${position}`)
      assertSame(await inspectResult(result), await inspect(expected), position)
    }
  }
})

test('a crop at a place begins there; a crop by attention contains the part that catches the eye', async () => {
  const at = {
    center: [45, 32],
    'top-left': [0, 0],
    bottom: [45, 64],
    right: [91, 32],
    'bottom-right': [91, 64],
  }
  for (const [place, [left = 0, top = 0]] of Object.entries(at)) {
    const expected = await photo.clone().extract({ left, top, width: 30, height: 16 }).png().toBuffer()
    assertSame(await inspectResult(await run(png, `crop:30x16:${place}`)), await inspect(expected), place)
  }
  for (const bits of [8, 16]) {
    for (const channels of [1, 3, 4] as const) {
      const spot = await spotted({ left: 70, top: 20, bits, channels })
      for (const strategy of ['attention', 'entropy']) {
        const result = await inspectResult(await run(spot, `crop:30x30:${strategy}`))
        assert.deepEqual([result.width, result.height, result.isDeep], [30, 30, bits === 16])
        const lit = [...result.samples].filter(
          (sample, at) => at % 4 === 0 && sample > 40 * (bits === 16 ? 257 : 1),
        )
        assert.ok(
          lit.length >= 100,
          `${strategy} of ${channels} channels, ${bits} bits: ${lit.length} pixels of the spot`,
        )
      }
    }
  }
})

/** Dark, with a spot of 12 x 12 pixels with contrast. */
async function spotted({
  left,
  top,
  bits = 8,
  channels = 3,
}: {
  left: number
  top: number
  bits?: number
  channels?: 1 | 3 | 4
}): Promise<Buffer> {
  const samples = new Uint8Array(width * height * channels).fill(20)
  for (let y = top; y < top + 12; y++) {
    for (let x = left; x < left + 12; x++)
      samples.set([90 + 40 * ((x * y) % 5), 90, 20].slice(0, channels), (y * width + x) * channels)
  }
  if (channels === 4) for (let at = 3; at < samples.length; at += 4) samples[at] = 255
  const deep = Uint16Array.from(samples, sample => sample * 257)
  const space = channels === 1 ? (bits === 16 ? 'grey16' : 'b-w') : bits === 16 ? 'rgb16' : 'srgb'
  return sharp(bits === 16 ? deep : samples, { raw: { width, height, channels } })
    .toColourspace(space)
    .png()
    .toBuffer()
}

test('all frames of an animation show the same part, chosen from all frames', async () => {
  const empty = await sharp({ create: { width, height, channels: 3, background: '#141414' } })
    .png()
    .toBuffer()
  const spots = await Promise.all([40, 42, 44].map(left => spotted({ left, top: 30 })))
  const webp = await sharp([empty, ...spots], { join: { animated: true } })
    .webp({ lossless: true, delay: [40, 50, 60, 70] })
    .toBuffer()
  for (const operation of ['crop:30x30:attention', 'resize:60x15:cover:attention']) {
    const result = await inspectResult(await run(webp, operation))
    assert.deepEqual([result.frames, result.delays], [4, [40, 50, 60, 70]])
    const frameLength = result.samples.length / 4
    // The spot moves to the right as far as in the original.
    const firstLit = [1, 2, 3].map(frame => {
      const samples = result.samples.subarray(frame * frameLength, (frame + 1) * frameLength)
      const lit = [...samples.keys()].filter(at => at % 4 === 0 && (samples[at] ?? 0) > 60)
      return Math.min(...lit.map(at => (at / 4) % result.width))
    })
    const [one = 0, two = 0, three = 0] = firstLit
    assert.ok(Number.isFinite(one) && one < two && two <= three, `${operation}: ${firstLit}`)
  }
})

test('a JPEG of any orientation is cut as it is displayed', async () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const jpeg = await photo.clone().withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer()
    const upright = await sharp(jpeg).autoOrient().png().toBuffer()
    for (const place of ['top-left', 'right', 'bottom']) {
      const options = { width: 30, height: 40, fit: 'cover', position: inSharp(place) } as const
      const expected = await inspect(await sharp(upright).resize(options).png().toBuffer())
      const result = await inspectResult(await run(jpeg, `resize:30x40:cover:${place},format:png`))
      const off = meanError(result, expected)
      assert.ok(off < 6, `orientation ${orientation}, ${place}: off by ${off}`)
    }
  }
})

test('the part of a deep image that is kept depends on the visible differences of its samples', async () => {
  const [width, height] = [32, 16]
  // Four levels on the left; on the right one level with noise below it.
  const samples = Uint16Array.from({ length: width * height }, (_, at) => {
    const [x, noise] = [at % width, (at * 7919) % 256]
    return x < 16 ? ((at * 31) % 4) * 64 * 256 : 128 * 256 + noise
  })
  const image = sharp(samples, { raw: { width, height, channels: 1 } }).toColourspace('grey16')
  const { bytes } = await run(await image.png().toBuffer(), 'crop:16x16:entropy')
  const kept = await sharp(bytes).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer()
  const levels = new Uint16Array(new Uint8Array(kept).buffer)
  assert.ok(levels.every(level => level % (64 * 256) === 0))
})
