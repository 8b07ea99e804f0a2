// Slow: it generates many examples.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { compose } from '../../../src/permute/channel-order.ts'
import { permuteGif } from '../../../src/permute/gif/permute-gif.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { decode, permuted } from '../decode.ts'
import { noise, noiseBytes, orders } from '../pictures.ts'
import {
  application,
  assembleGif,
  comment,
  type GifFrame,
  type GifPicture,
  gifBlocks,
  graphicControl,
  plainText,
} from './gif-assembler.ts'

const options = { keepMetadata: false }

const frames = (width: number, height: number): fc.Arbitrary<GifFrame> =>
  fc
    .record({
      left: fc.nat(width - 1),
      top: fc.nat(height - 1),
      codeBits: fc.integer({ min: 2, max: 8 }),
      hasPalette: fc.boolean(),
      interlaced: fc.boolean(),
      seed: fc.nat(999),
      control: fc.record({
        delay: fc.integer({ min: 2, max: 300 }),
        disposal: fc.nat(3),
        ...{ transparent: fc.nat(3), isTransparent: fc.boolean() },
      }),
    })
    .map(({ left, top, codeBits, hasPalette, interlaced, seed, control: { isTransparent, ...control } }) => ({
      ...{ left, top, codeBits, interlaced, width: width - left, height: height - top },
      indexes: noise((width - left) * (height - top), 2 ** codeBits, seed),
      ...(hasPalette ? { palette: noiseBytes(3 * 2 ** codeBits, seed) } : {}),
      control: isTransparent ? control : { delay: control.delay, disposal: control.disposal },
    }))

/** Global and local palettes, interlacing, transparency, several frames in their places. */
const gifs: fc.Arbitrary<GifPicture> = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .chain(([width, height]) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      palette: fc.constant(noiseBytes(768, 3)),
      loop: fc.nat(9),
      frames: fc.array(frames(width, height), { minLength: 1, maxLength: 4 }),
    }),
  )

test('every frame is permuted, and keeps its delay, disposal, place and transparency', async () => {
  await fc.assert(
    fc.asyncProperty(gifs, orders, async (picture, order) => {
      const gif = assembleGif(picture)
      const result = permuteGif(gif, order, options)
      assert.deepEqual(await decode(result), permuted(await decode(gif), order))
      const [before, after] = await Promise.all([gif, result].map(file => sharp(file).metadata()))
      assert.ok(before && after)
      for (const kept of ['delay', 'loop', 'pages'] as const) assert.deepEqual(after[kept], before[kept])
      assert.equal(result.length, gif.length)
    }),
    { numRuns: 200 },
  )
})

test('the result is well formed, permutations compose, and the order rgb returns the same file', () => {
  fc.assert(
    fc.property(gifs, orders, orders, (picture, first, second) => {
      const gif = assembleGif(picture)
      const twice = permuteGif(permuteGif(gif, first, options), second, options)
      assert.deepEqual(twice, permuteGif(gif, compose(first, second), options))
      assert.deepEqual(permuteGif(gif, 'rgb', options), Buffer.from(gif))
    }),
    { numRuns: 50 },
  )
})

test('an animation of another encoder is permuted', async () => {
  const pixels = noiseBytes(64 * 192 * 3, 8)
  const gif = await sharp(pixels, { raw: { width: 64, height: 192, channels: 3, pageHeight: 64 } })
    .gif({ delay: [100, 50, 200], loop: 3 })
    .toBuffer()
  const result = permuteGif(gif, 'brg', options)
  assert.deepEqual(await decode(result), permuted(await decode(gif), 'brg'))
  const { delay, loop } = await sharp(result).metadata()
  assert.deepEqual({ delay, loop }, { delay: [100, 50, 200], loop: 3 })
})

test('an image with more codes than the table holds is read to its end', async () => {
  const picture = pictureOf({ width: 200, height: 200, indexes: noise(40_000, 256, 2) })
  const gif = assembleGif(picture)
  assert.deepEqual(await decode(permuteGif(gif, 'bgr', options)), permuted(await decode(gif), 'bgr'))
})

test('comments and plain text are dropped unless metadata is kept; XMP and unknown applications are always dropped', () => {
  const texts = [comment('by Ada'), plainText('hello')]
  const extensions = [
    ...texts,
    application('XMP DataXMP', Buffer.from('<x/>')),
    application('SOMETHING00', Buffer.from('abc')),
  ]
  const plain = assembleGif(pictureOf({}))
  const gif = assembleGif({ ...pictureOf({}), extensions })
  assert.deepEqual(permuteGif(gif, 'rgb', options), Buffer.from(plain))
  const withTexts = assembleGif({ ...pictureOf({}), extensions: texts })
  assert.deepEqual(permuteGif(gif, 'rgb', { keepMetadata: true }), Buffer.from(withTexts))
})

test('the loop and an ICC profile are kept', () => {
  const profile = Buffer.alloc(300)
  profile.writeUInt32BE(300)
  profile.write('RGB ', 16)
  profile.write('acsp', 36)
  const extensions = [application('ICCRGBG1012', profile), application('ANIMEXTS1.0', Buffer.of(1, 4, 0))]
  const gif = assembleGif({ ...pictureOf({}), loop: 7, extensions })
  assert.deepEqual(permuteGif(gif, 'rgb', options), Buffer.from(gif))
})

test('bytes after the trailer are dropped', () => {
  const gif = assembleGif(pictureOf({}))
  const longer = Buffer.concat([gif, Buffer.from('PK another file')])
  assert.deepEqual(permuteGif(longer, 'rgb', options), Buffer.from(gif))
})

test('data without an end code is well formed if all pixels are there', async () => {
  const [screen, palette, descriptor, local, , trailer] = gifBlocks(pictureOf({ indexes: [0, 1, 2, 3] }))
  // Codes of nine bits: clear, 0, 1, 2, 3 and three bits of padding.
  const data = Buffer.of(8, 6, 0x00, 0x01, 0x04, 0x10, 0x30, 0x00, 0)
  const gif = Buffer.concat(
    [screen, palette, descriptor, local, data, trailer].map(block => block ?? Buffer.of()),
  )
  permuteGif(gif, 'bgr', options)
})

suite('a GIF that breaks a rule is not well formed', () => {
  const picture = pictureOf({})
  const [screen, palette, descriptor, , data, trailer] = gifBlocks(picture) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ]
  const control = graphicControl({ delay: 5, disposal: 0 })
  const file = (...blocks: Buffer[]) => Buffer.concat([screen, palette, ...blocks, trailer])
  const violations: Record<string, Buffer> = {
    'it is empty': Buffer.alloc(0),
    'a wrong signature': Buffer.concat([
      Buffer.from('GIF88a'),
      screen.subarray(6),
      palette,
      descriptor,
      data,
      trailer,
    ]),
    'no screen': screen.subarray(0, 9),
    'a screen without width': Buffer.concat([patched(screen, 6, 0), palette, descriptor, data, trailer]),
    'a screen without height': Buffer.concat([patched(screen, 8, 0), palette, descriptor, data, trailer]),
    'a truncated palette': Buffer.concat([screen, palette.subarray(3)]),
    'no frame': file(),
    'no trailer': Buffer.concat([screen, palette, descriptor, data]),
    'an unknown block': file(descriptor, data, Buffer.of(0)),
    'an unknown extension': file(Buffer.of(0x21, 0x42, 0), descriptor, data),
    'a frame beyond the right edge': file(patched(descriptor, 1, 1), data),
    'a frame beyond the lower edge': file(patched(descriptor, 3, 1), data),
    'a frame without width': file(patched(descriptor, 5, 0), data),
    'a frame without height': file(patched(descriptor, 7, 0), data),
    'a frame without any palette': Buffer.concat([patched(screen, 10, 0), descriptor, data, trailer]),
    'a truncated frame': Buffer.concat([screen, palette, descriptor, data.subarray(0, 4)]),
    'an LZW code size of 1': file(descriptor, patched(data, 0, 1)),
    'an LZW code size of 9': file(descriptor, patched(data, 0, 9)),
    'a frame without data': file(descriptor, Buffer.of(8, 0)),
    'a frame with fewer pixels': frameOf([0, 1, 2]),
    'a frame with more pixels': frameOf([0, 1, 2, 3, 0]),
    'an LZW code before it exists': file(descriptor, Buffer.of(8, 4, 0x00, 0x07, 0xff, 0xff, 0)),
    'bytes after the LZW end code': file(
      descriptor,
      Buffer.concat([data.subarray(0, -1), Buffer.of(1, 9, 0)]),
    ),
    'a graphic control of a wrong length': file(Buffer.of(0x21, 0xf9, 3, 0, 0, 0, 0), descriptor, data),
    'a graphic control that is too long': file(
      Buffer.concat([control.subarray(0, -1), Buffer.of(1, 1, 0)]),
      descriptor,
      data,
    ),
    'two graphic controls for one frame': file(control, control, descriptor, data),
    'a graphic control for nothing': file(descriptor, data, control),
    'a graphic control for a plain text, then a frame with one': file(
      control,
      plainText('x'),
      descriptor,
      data,
      control,
    ),
    'an application of a wrong length': file(Buffer.of(0x21, 0xff, 3, 1, 2, 3, 0), descriptor, data),
    'a loop extension with something else': file(
      application('NETSCAPE2.0', Buffer.of(2, 0, 0, 0, 0)),
      descriptor,
      data,
    ),
    'an ICC extension without a profile': file(
      application('ICCRGBG1012', Buffer.alloc(200)),
      descriptor,
      data,
    ),
    'a plain text of a wrong length': file(Buffer.of(0x21, 0x01, 1, 1, 0), descriptor, data),
    'a truncated comment': Buffer.concat([screen, palette, comment('hello').subarray(0, 5)]),
  }
  for (const [name, gif] of Object.entries(violations)) {
    test(name, () => {
      assert.throws(() => permuteGif(gif, 'bgr', options), { name: 'NotWellFormed' })
      assert.throws(() => permuteGif(gif, 'bgr', { keepMetadata: true }), { name: 'NotWellFormed' })
    })
  }
})

test('a damaged GIF is refused as not well formed, or its result is its permuted decode', async () => {
  let survivors = 0
  const place = fc.nat(99_999).map(part => part / 100_000)
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 30 })
  const kinds = fc.constantFrom<'flip' | 'cut' | 'insert' | 'insert block' | 'drop block' | 'double block'>(
    ...(['flip', 'cut', 'insert', 'insert block', 'drop block', 'double block'] as const),
  )
  await fc.assert(
    fc.asyncProperty(gifs, orders, kinds, place, bytes, async (picture, order, kind, where, extra) => {
      const gif = damage(gifBlocks(picture), kind, where, extra)
      let result: Uint8Array
      try {
        result = permuteGif(gif, order, options)
      } catch (error) {
        assert.ok(error instanceof NotWellFormed, String(error))
        return
      }
      const wanted = await decode(gif).catch(() => undefined)
      if (!wanted) return
      survivors += 1
      assert.deepEqual(await decode(result), permuted(wanted, order))
    }),
    { numRuns: 1000 },
  )
  assert.ok(survivors > 50, `only ${survivors} files survived: the test proves nothing`)
})

test('random bytes are refused as not well formed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isSigned) => {
      const file = isSigned ? Buffer.concat([Buffer.from('GIF89a'), bytes]) : bytes
      assert.throws(() => permuteGif(file, 'bgr', options), NotWellFormed)
    }),
  )
})

function pictureOf(frame: Partial<GifFrame>): GifPicture {
  const { width = 2, height = 2 } = frame
  return {
    ...{ width, height, palette: noiseBytes(768, 3) },
    frames: [{ width, height, indexes: [0, 1, 2, 3], ...frame }],
  }
}

function frameOf(indexes: number[]): Buffer {
  return assembleGif(pictureOf({ indexes }))
}

function patched(block: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(block)
  copy[at] = value
  return copy
}

function damage(blocks: Buffer[], kind: string, where: number, extra: Uint8Array): Buffer {
  const block = Math.floor(where * blocks.length)
  if (kind === 'insert block') blocks.splice(block, 0, Buffer.from(extra))
  if (kind === 'drop block') blocks.splice(block, 1)
  if (kind === 'double block') blocks.splice(block, 0, blocks[block] ?? Buffer.alloc(0))
  const gif = Buffer.concat(blocks)
  const at = Math.floor(where * gif.length)
  if (kind === 'flip') gif[at] = (gif[at] ?? 0) ^ (extra[0] ?? 1)
  if (kind === 'cut') return gif.subarray(0, at)
  if (kind === 'insert') return Buffer.concat([gif.subarray(0, at), extra, gif.subarray(at)])
  return gif
}
