import assert from 'node:assert/strict'
import { test } from 'node:test'
import { places } from '@darkroom/contracts'
import fc from 'fast-check'
import sharp from 'sharp'
import { animatedPng } from '../animated-png.ts'
import { assertSame, drawn, type Inspected, inspect, inspectResult } from '../inspect.ts'
import { drawing, rasterFrom, rasters } from '../rasters.ts'
import { bytesOf, run } from '../run.ts'
import { pictureOf, pixelOf } from './plain-rasters.ts'

const colours: Readonly<Record<string, readonly number[]>> = {
  '3366cc': [0x33, 0x66, 0xcc, 0xff],
  '808080': [0x80, 0x80, 0x80, 0xff],
  '3366cc80': [0x33, 0x66, 0xcc, 0x80],
  transparent: [0, 0, 0, 0],
}

function isGreyColour([red, green, blue]: readonly number[]): boolean {
  return red === green && green === blue
}

/** The picture surrounded by margins. */
function padded(
  picture: Inspected,
  [top, right, bottom, left]: readonly [number, number, number, number],
  colour: readonly number[],
): Inspected {
  const scale = picture.isDeep ? 257 : 1
  const around = colour.map(level => level * scale)
  const size = { width: left + picture.width + right, height: top + picture.height + bottom }
  const own = pictureOf(picture, size, (x, y, frame) => pixelOf(picture, x - left, y - top, frame) ?? around)
  return { ...own, isGrey: picture.isGrey && isGreyColour(colour) }
}

test('margins have the requested colour in every kind of image; the image itself stays exact', async () => {
  const margin = fc.integer({ min: 0, max: 9 })
  await fc.assert(
    fc.asyncProperty(
      rasters(),
      fc.tuple(margin, margin, margin, margin),
      fc.constantFrom(...Object.keys(colours)),
      async (raster, margins, name) => {
        const file = await drawing(raster).png().toBuffer()
        const result = await inspectResult(await run(file, `pad:${margins.join(':')}:${name}`))
        const before = await inspect(file)
        if (margins.every(margin => margin === 0)) return assertSame(result, before)
        assertSame(result, padded(before, margins, colours[name] ?? assert.fail()), name)
      },
    ),
    { numRuns: 150 },
  )
})

test('by default, margins are transparent if the image has transparency, otherwise white', async () => {
  for (const [channels, colour] of [
    [1, [255, 255, 255, 255]],
    [2, [0, 0, 0, 0]],
    [3, [255, 255, 255, 255]],
    [4, [0, 0, 0, 0]],
  ] as const) {
    const [raster] = fc.sample(rasters({ channels: [channels] }), { seed: 5, numRuns: 1 })
    const file = await drawing(raster ?? assert.fail())
      .png()
      .toBuffer()
    const expected = padded(await inspect(file), [2, 2, 2, 2], colour)
    assertSame(await inspectResult(await run(file, 'pad:2')), expected, `${channels} channels`)
  }
})

test('an image has the requested position in a larger size, and is neither cut nor scaled', async () => {
  const file = await drawing(rasterFrom(['ff0000 00ff00', '0000ff ffff00']))
    .png()
    .toBuffer()
  const before = await inspect(file)
  const grey = [0x80, 0x80, 0x80, 0xff]
  for (const place of places) {
    const left = place.includes('left') ? 0 : place.includes('right') ? 3 : 1
    const top = place.includes('top') ? 0 : place.includes('bottom') ? 4 : 2
    const result = await inspectResult(await run(file, `pad:5x6:${place}:808080`))
    assertSame(result, padded(before, [top, 3 - left, 4 - top, left], grey), place)
  }
  assertSame(await inspectResult(await run(file, 'pad:1x1:808080')), before)
  const wider = await inspectResult(await run(file, 'pad:4x:808080'))
  assertSame(wider, padded(before, [0, 1, 0, 1], grey))
  // A crop with a background may be larger than the image.
  const [cropped, cut] = ['crop:5x1:top:808080', 'crop:5x6+1+1:808080'].map(text => run(file, text))
  assert.deepEqual(drawn(await inspectResult((await cropped) ?? assert.fail())), [
    '808080ff ff0000ff 00ff00ff 808080ff 808080ff',
  ])
  const rows = drawn(await inspectResult((await cut) ?? assert.fail()))
  assert.deepEqual([rows.length, rows[0]], [6, `ffff00ff${' 808080ff'.repeat(4)}`])
})

test('all frames of an animation get the same margins, and keep their delays', async () => {
  const png = animatedPng()
  const gif = await bytesOf(png, 'format:gif')
  for (const [name, file] of Object.entries({ png, gif, webp: await bytesOf(png, 'format:webp') })) {
    const [before, after] = [await run(file, 'flip'), await run(file, 'pad:3:3366cc')]
    assert.deepEqual(
      after.facts,
      { ...before.facts, width: before.facts.width + 6, height: before.facts.height + 6 },
      name,
    )
  }
  const lossless = await drawing({
    ...{ width: 4, height: 3, frames: 3, channels: 3, bits: 8 },
    samples: Uint8Array.from({ length: 108 }, (_, at) => at * 2),
  })
    .webp({ lossless: true, delay: [30, 60, 90], loop: 2 })
    .toBuffer()
  const result = await inspectResult(await run(lossless, 'pad:1:2:3:4:3366cc'))
  assertSame(result, padded(await inspect(lossless), [1, 2, 3, 4], colours['3366cc'] ?? []))
})

test('in a format without transparency, transparent margins are white', async () => {
  const image = drawing(rasterFrom(new Array(16).fill(new Array(16).fill('ff0000').join(' '))))
  const jpeg = await image.jpeg().toBuffer()
  const corner = async (operations: string) => {
    const result = await inspectResult(await run(jpeg, operations))
    return [result.format, drawn(result)[0]?.slice(0, 8)]
  }
  assert.deepEqual(await corner('pad:16:transparent'), ['jpeg', 'ffffffff'])
  assert.deepEqual(await corner('pad:16:transparent,format:png'), ['png', '00000000'])
  assert.deepEqual(await corner('pad:16:transparent,format:gif'), ['gif', '00000000'])
  assert.deepEqual(await corner('pad:16:000000,format:png'), ['png', '000000ff'])
})

test('an animation whose frames leave pixels as they are is not transparent, and gets white margins', async () => {
  const frames = ['ff0000 00ff00', '0000ff 00ff00', '0000ff ff00ff']
  const animation = drawing({ ...rasterFrom(frames), height: 1, frames: 3 })
  const delay = [50, 60, 70]
  for (const file of [
    await animation.gif({ delay }).toBuffer(),
    await animation.webp({ lossless: true, delay }).toBuffer(),
  ]) {
    assert.equal((await sharp(file).metadata()).hasAlpha, true)
    for (const operations of ['pad:1', 'flop,crop:2x1,resize:x3:contain', 'rotate:45']) {
      const once = await bytesOf(file, operations)
      const picture = await inspect(await bytesOf(once, 'pad:1'))
      assert.equal(picture.frames, 3)
      assert.ok(
        picture.samples.every((sample, at) => at % 4 < 3 || sample === 255),
        operations,
      )
      assert.equal(drawn(picture)[0]?.slice(0, 8), 'ffffffff', operations)
    }
  }
})

test('a pad that makes too many pixels is refused before the image is unpacked', async () => {
  const file = await drawing(rasterFrom(['ff0000']))
    .png()
    .toBuffer()
  for (const operations of [
    'pad:9000',
    'pad:16000x16000',
    'crop:16000x16000:ffffff',
    'resize:9000x9000:contain:white',
  ])
    await assert.rejects(run(file, operations), { code: 'too-many-pixels' }, operations)
})
