import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { composeFrames } from '../../src/develop/png/compose-frames.ts'
import { readAnimation } from '../../src/develop/png/read-animation.ts'
import { writeAnimation } from '../../src/develop/png/write-animation.ts'
import type { Raster } from '../../src/develop/raster/raster.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { assemblePng, chunk, splitChunks, withChunks } from '../permute/png/png-assembler.ts'
import { animatedPng, long, still } from './animated-png.ts'
import { exifOf } from './metadata-traces.ts'
import { bytesOf, run } from './run.ts'

/** Errors of chunks or bytes that are tolerated in a still PNG, made in an animation. */
const blemishes: Readonly<Record<string, (png: Buffer) => Buffer>> = {
  'a text whose CRC is wrong': png => withChunks(png, damaged(chunk('tEXt', Buffer.from('Software\0x')))),
  'bytes after its end': png => Buffer.concat([png, Buffer.from('trailing')]),
  'two pHYs chunks': png => withChunks(png, physical(), physical()),
  'a profile for grey': png =>
    withChunks(png, chunk('iCCP', Buffer.concat([Buffer.from('grey\0\0'), deflateSync(greyProfile())]))),
  'a gAMA chunk that is too long': png => withChunks(png, chunk('gAMA', Buffer.alloc(5))),
  'a time whose length is wrong': png => withChunks(png, chunk('tIME', Buffer.alloc(3))),
  'a text without a keyword': png => withChunks(png, chunk('tEXt', Buffer.from('no keyword at all'))),
}

for (const [name, blemish] of Object.entries(blemishes)) {
  test(`an animated PNG with ${name} keeps its animation, in every operation`, async () => {
    const png = animatedPng()
    const before = await shownBy(png)
    const file = blemish(png)
    for (const order of ['bgr', 'rgb'] as const) {
      const { bytes, facts } = await run(file, `swap-channels:${order}`)
      assert.equal(facts.frames, 3)
      assert.deepEqual(controlsOf(bytes), controlsOf(png))
      assert.deepEqual(
        await shownBy(bytes),
        before.map(frame => (order === 'bgr' ? swapped(frame) : frame)),
      )
    }
    assert.deepEqual(await shownBy(await bytesOf(file, 'flip,flip')), before)
  })
}

test('a published animation with a wrong CRC in a text keeps its four frames', async () => {
  const file = await readFile(new URL('pngs/animated-damaged-text.png', import.meta.url))
  const before = await shownBy(file)
  const { bytes, facts } = await run(file, 'swap-channels')
  assert.equal(facts.frames, 4)
  assert.deepEqual(await shownBy(bytes), before.map(swapped))
  assert.ok(!Buffer.from(bytes).includes('tEXt'))
})

test('EXIF orientation of an animated PNG is applied to all frames', async () => {
  const upright = animatedPng()
  const before = await shownBy(upright)
  const turns: Readonly<Record<number, (image: Sharp) => Sharp>> = {
    2: image => image.flop(),
    3: image => image.rotate(180),
    4: image => image.flip(),
    6: image => image.rotate(90),
    8: image => image.rotate(270),
  }
  for (const [orientation, turn] of Object.entries(turns)) {
    const exif = exifOf(Number(orientation))
    const { bytes, facts } = await run(withChunks(upright, chunk('eXIf', exif)), 'swap-channels')
    assert.equal(facts.frames, 3)
    for (const [index, frame] of (await shownBy(bytes)).entries()) {
      const { data, width, height } = swapped(before[index] ?? frame)
      const { data: wanted, info } = await turn(sharp(data, { raw: { width, height, channels: 4 } }))
        .raw()
        .toBuffer({ resolveWithObject: true })
      assert.deepEqual([frame.width, frame.height], [info.width, info.height])
      assert.deepEqual(frame.data, Uint8Array.from(wanted), `frame ${index} of orientation ${orientation}`)
    }
    assert.ok(!Buffer.from(bytes).includes('eXIf'))
  }
})

test('every operation keeps the frames of an animated PNG, their delays and the loop count', async () => {
  const png = animatedPng()
  for (const operation of [
    'flip',
    'rotate:90',
    'resize:3x',
    'greyscale',
    'tint:ff0000',
    'crop:2x2',
    'blur:1',
  ]) {
    const { bytes, facts } = await run(png, operation)
    assert.equal(facts.frames, 3, operation)
    const { frames, loop } = readAnimation(bytes)
    assert.deepEqual(
      frames.map(({ delayMs }) => Math.round(delayMs)),
      [33, 1500, 100],
    )
    assert.equal(loop, 7)
    assert.equal((await shownBy(bytes)).length, 3)
  }
  const webp = await run(png, 'flip,format:webp')
  assert.equal(webp.facts.frames, 3)
  const { delay, loop } = await sharp(webp.bytes).metadata()
  assert.deepEqual([delay, loop], [[33, 1500, 100], 7])
  assert.equal((await run(png, 'flip,format:jpeg')).facts.frames, 1)
})

test('a frame is blended with or replaces the canvas, which is then kept, restored or cleared', async () => {
  const pixel = (...samples: number[]) =>
    assemblePng({ width: 1, height: 1, colorType: 6, bitDepth: 8, samples })
  const frame = (png: Buffer, left: number, dispose: number, blend: number) => ({
    png,
    left,
    top: 0,
    width: 1,
    height: 1,
    dispose,
    blend,
    delayMs: 0,
  })
  const whole = assemblePng({
    ...{ width: 2, height: 1, colorType: 6, bitDepth: 8 },
    samples: [200, 100, 0, 255, 10, 20, 30, 100],
  })
  const frames = [
    { ...frame(whole, 0, 0, 0), width: 2 },
    frame(pixel(0, 0, 200, 128), 0, 2, 1),
    frame(pixel(0, 0, 200, 128), 1, 1, 1),
    frame(pixel(1, 2, 3, 4), 0, 0, 0),
  ]
  const shown = await composeFrames({ width: 2, height: 1, frames, loop: 0 }, unpacked)
  assert.deepEqual(
    shown.map(({ data }) => [...data]),
    [
      [200, 100, 0, 255, 10, 20, 30, 100],
      [100, 50, 100, 255, 10, 20, 30, 100],
      // (30 * 100 * 127 + 200 * 255 * 128) / (100 * 127 + 255 * 128), of alpha 128 + 100 * 127 / 255
      [200, 100, 0, 255, 3, 6, 152, 178],
      [1, 2, 3, 4, 0, 0, 0, 0],
    ],
  )
})

test('a default image that is not a frame is not decoded as one', async () => {
  const parts = splitChunks(animatedPng())
  const [head, acTL, control, image, ...rest] = parts.map(({ whole }) => whole)
  // The same animation: its first frame has its data in an fdAT chunk, after a default image.
  const data = image?.subarray(8, -4) ?? Buffer.alloc(0)
  const others = rest.map(whole => {
    if (!['fcTL', 'fdAT'].includes(whole.toString('latin1', 4, 8))) return whole
    const copy = Buffer.from(whole.subarray(8, -4))
    copy.writeUInt32BE(copy.readUInt32BE(0) + 1)
    return chunk(whole.toString('latin1', 4, 8), copy)
  })
  const png = Buffer.concat([
    ...[animatedPng().subarray(0, 8), head ?? data, acTL ?? data, chunk('IDAT', still(9))],
    ...[control ?? data, chunk('fdAT', Buffer.concat([long(1), data])), ...others],
  ])
  assert.deepEqual(await shownBy(await bytesOf(png, 'flip,flip')), await shownBy(animatedPng()))
})

test('an animation is refused with a reason if its frames cannot be decoded', async () => {
  const damagedControl = splitChunks(animatedPng()).map(({ type, whole }) =>
    type === 'fcTL' ? damaged(whole) : whole,
  )
  const png = Buffer.concat([animatedPng().subarray(0, 8), ...damagedControl])
  for (const operations of ['swap-channels', 'flip']) {
    await assert.rejects(run(png, operations), {
      code: 'malformed-animation',
      message: "the animation is not well formed: the fcTL chunk's CRC does not match",
    })
  }
})

test('an animated PNG without its end keeps its frames', async () => {
  const png = animatedPng()
  const before = await shownBy(png)
  for (const bytes of [12, 5]) {
    const cut = png.subarray(0, -bytes)
    assert.deepEqual(await shownBy(await bytesOf(cut, 'flip,flip')), before)
    assert.deepEqual(await shownBy(await bytesOf(cut, 'swap-channels:bgr')), before.map(swapped))
  }
})

test('an animated PNG has at most as many frames as it declares, or is still if it has none', async () => {
  const png = animatedPng()
  const before = await shownBy(png)
  const parts = splitChunks(png)
  const withFrames = (count: number, kept = parts) =>
    Buffer.concat([
      png.subarray(0, 8),
      ...kept.map(({ type, whole }) => (type === 'acTL' ? chunk('acTL', long(count, 7)) : whole)),
    ])
  const still = withFrames(
    3,
    parts.filter(({ type }) => type !== 'fcTL' && type !== 'fdAT'),
  )
  for (const [operations, frames] of [
    ['flip,flip', before],
    ['swap-channels:bgr', before.map(swapped)],
  ] as const) {
    assert.deepEqual(await shownBy(await bytesOf(withFrames(2), operations)), frames.slice(0, 2))
    assert.deepEqual(await shownBy(await bytesOf(withFrames(5), operations)), frames)
    const cut = withFrames(5).subarray(0, -12)
    await assert.rejects(run(cut, operations), /the file ends before its last frame/)
    const { bytes, facts } = await run(still, operations)
    assert.equal(facts.frames, 1)
    assert.deepEqual(await unpacked(bytes), frames[0])
  }
})

test('an animated PNG that is cut off within its last frame is refused', async () => {
  const png = animatedPng()
  for (const length of [png.length - 14, png.length - 60])
    await assert.rejects(run(png.subarray(0, length), 'flip'), UnusableImage, `${length} bytes`)
})

test('a frame whose data lack a sequence number is refused in PNG, and in WebP the first image is shown', async () => {
  const parts = splitChunks(animatedPng()).map(({ type, whole }) =>
    type === 'fdAT' ? chunk('fdAT', Buffer.of(0, 0)) : whole,
  )
  const png = Buffer.concat([animatedPng().subarray(0, 8), ...parts])
  await assert.rejects(run(png, 'flip'), {
    code: 'malformed-animation',
    message: 'the animation is not well formed: a frame has no sequence number',
  })
  assert.equal((await run(png, 'flip,format:webp')).facts.frames, 1)
})

/** The visible picture of each frame: decoded by sharp, and drawn as in PNG 3rd edition, 11.3.6. */
function shownBy(png: Uint8Array): Promise<Raster[]> {
  return composeFrames(readAnimation(png), unpacked)
}

async function unpacked(png: Uint8Array): Promise<Raster> {
  const image = sharp(png, { failOn: 'warning', ignoreIcc: true }).ensureAlpha()
  const { data, info } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return { data: Uint8Array.from(data), width, height, channels: 4, bits: 8, isGrey: false }
}

function swapped(raster: Raster): Raster {
  const data = Uint8Array.from(raster.data, (sample, at) => {
    if (at % 4 === 0) return raster.data[at + 2] ?? 0
    return at % 4 === 2 ? (raster.data[at - 2] ?? 0) : sample
  })
  return { ...raster, data }
}

function controlsOf(png: Uint8Array): string[] {
  const controls = splitChunks(Buffer.from(png)).filter(({ type }) => type === 'fcTL')
  return controls.map(({ data }) => data.toString('hex'))
}

function damaged(whole: Buffer): Buffer {
  const copy = Buffer.from(whole)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

function physical(): Buffer {
  return chunk('pHYs', Buffer.concat([long(2835, 2835), Buffer.of(1)]))
}

function greyProfile(): Buffer {
  const profile = Buffer.alloc(132)
  profile.writeUInt32BE(132, 0)
  profile.write('GRAY', 16, 'latin1')
  profile.write('acsp', 36, 'latin1')
  return profile
}

test('a decoded animated PNG of gentle colours stays small, and so does one of a drawing', async () => {
  const [width, height, count] = [160, 120, 4]
  const gentle = (x: number, y: number, frame: number) =>
    128 + 100 * Math.sin((x + frame) / 17) * Math.cos(y / 23 + x / 61)
  const drawn = (x: number, y: number, frame: number) => ((x * y + frame) % 7 < 3 ? 20 : 230)
  for (const [name, sampleAt] of Object.entries({ gentle, drawn })) {
    const samples = Uint8Array.from({ length: 3 * width * height * count }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / (3 * width)) % height]
      return sampleAt(x, y + 20 * (at % 3), Math.floor(at / (3 * width * height)))
    })
    const stack = { data: samples, width, height: height * count }
    const animation = { delay: new Array<number>(count).fill(50), loop: 0 }
    const written = (adaptiveFiltering: boolean) =>
      writeAnimation(stack, height, animation, [
        ({ data, width, height }) =>
          sharp(data, { raw: { width, height, channels: 3 } })
            .png({ adaptiveFiltering })
            .toBuffer(),
      ])
    const [plain, filtered] = [await written(false), await written(true)]
    const original = filtered.length < plain.length ? filtered : plain
    const flipped = await bytesOf(original, 'flip')
    assert.ok(flipped.length < 1.2 * original.length, `${name}: ${original.length}, then ${flipped.length}`)
  }
})
