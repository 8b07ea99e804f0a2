import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deflateRawSync, deflateSync } from 'node:zlib'
import { permuteWhole } from '../collect.ts'
import { noise, noiseBytes } from '../pictures.ts'
import {
  assemblePng,
  channelsOf,
  chunk,
  headerChunk,
  imageChunks,
  type PngPicture,
  scanlinesOf,
  signature,
} from './png-assembler.ts'

const rgb = pictureOf(2, 8)
const grey = pictureOf(0, 8)
const indexed = pictureOf(3, 8)
const palette = chunk('PLTE', noiseBytes(768, 1))
const end = chunk('IEND')
const text = chunk('tEXt', Buffer.from('Title\0x'))

/** A file with the picture's header and these chunks. */
const file = (picture: PngPicture, ...chunks: Buffer[]) =>
  Buffer.concat([signature, headerChunk(picture), ...chunks])
const image = (picture: PngPicture) => chunk('IDAT', deflateSync(scanlinesOf(picture)))
const withBefore = (picture: PngPicture, ...before: Buffer[]) => assemblePng(picture, { before })

suite('a PNG that breaks a rule is not well formed', () => {
  const zlib = deflateSync(scanlinesOf(rgb))
  const raw = scanlinesOf(rgb)
  const violations: Record<string, Buffer> = {
    'it is empty': Buffer.alloc(0),
    'a wrong signature': Buffer.concat([Buffer.from('\x89PNG\n\n\x1a\n', 'latin1'), file(rgb).subarray(8)]),
    'no header': Buffer.concat([signature, image(rgb), end]),
    'a chunk before the header': Buffer.concat([signature, text, headerChunk(rgb), image(rgb), end]),
    'two headers': file(rgb, headerChunk(rgb), image(rgb), end),
    'a header that is too long': Buffer.concat([
      signature,
      chunk('IHDR', Buffer.alloc(14, 1)),
      image(rgb),
      end,
    ]),
    'no image data': file(rgb, end),
    'empty image data': file(rgb, chunk('IDAT'), end),
    'no end': file(rgb, image(rgb)),
    'an end with data': file(rgb, image(rgb), chunk('IEND', Buffer.of(1))),
    'bytes after the end': file(rgb, image(rgb), end, Buffer.of(0)),
    'a second file after the end': file(rgb, image(rgb), end, file(rgb, image(rgb), end)),
    'interrupted image data': file(
      rgb,
      chunk('IDAT', zlib.subarray(0, 9)),
      text,
      chunk('IDAT', zlib.subarray(9)),
      end,
    ),
    'a wrong CRC in image data': file(rgb, damaged(image(rgb), -1), end),
    'a wrong CRC in a dropped chunk': file(rgb, damaged(text, -1), image(rgb), end),
    'a chunk type of other characters': file(rgb, chunk('tE1t', Buffer.of(1)), image(rgb), end),
    'a chunk type with the reserved bit': file(rgb, chunk('text', Buffer.of(1)), image(rgb), end),
    'an unknown critical chunk': file(rgb, chunk('CRIT', Buffer.of(1)), image(rgb), end),
    'a chunk length beyond 2^31': file(rgb, Buffer.from('80000000744558740000', 'hex'), image(rgb), end),
    'a chunk longer than the file': file(rgb, Buffer.from('00ffffff744558740000', 'hex'), image(rgb), end),

    'too few scanlines': file(rgb, chunk('IDAT', deflateSync(raw.subarray(0, -28))), end),
    'one byte too few': file(rgb, chunk('IDAT', deflateSync(raw.subarray(0, -1))), end),
    'one byte too many': file(rgb, chunk('IDAT', deflateSync(Buffer.concat([raw, Buffer.of(0)]))), end),
    'a bomb': file(rgb, chunk('IDAT', deflateSync(Buffer.alloc(50_000_000))), end),
    'a filter type that does not exist': file(
      rgb,
      chunk('IDAT', deflateSync(Buffer.concat([Buffer.of(5), raw.subarray(1)]))),
      end,
    ),
    'a wrong Adler-32': file(rgb, chunk('IDAT', damaged(zlib, -1)), end),
    'bytes after the zlib stream': file(rgb, chunk('IDAT', Buffer.concat([zlib, Buffer.of(0)])), end),
    'a chunk after the zlib stream': file(rgb, chunk('IDAT', zlib), chunk('IDAT', Buffer.of(7)), end),
    'a second zlib stream': file(rgb, chunk('IDAT', zlib), chunk('IDAT', zlib), end),
    'a zlib stream without its Adler-32': file(rgb, chunk('IDAT', zlib.subarray(0, -4)), end),
    'a raw deflate stream': file(rgb, chunk('IDAT', deflateRawSync(raw)), end),
    'a zlib stream with a dictionary': file(
      rgb,
      chunk('IDAT', deflateSync(raw, { dictionary: raw.subarray(0, 40) })),
      end,
    ),
    'grey: one byte too many': file(
      grey,
      chunk('IDAT', deflateSync(Buffer.concat([scanlinesOf(grey), Buffer.of(0)]))),
      end,
    ),
    'grey: a filter type that does not exist': file(
      grey,
      chunk('IDAT', deflateSync(Buffer.alloc(90, 9))),
      end,
    ),
    'palette: one byte too few': file(
      indexed,
      palette,
      chunk('IDAT', deflateSync(scanlinesOf(indexed).subarray(1))),
      end,
    ),

    'a palette image without a palette': file(indexed, image(indexed), end),
    'a palette after the image': file(indexed, image(indexed), palette, end),
    'two palettes': withBefore(indexed, palette, palette),
    'an empty palette': withBefore(indexed, chunk('PLTE')),
    'a palette of thirds': withBefore(indexed, chunk('PLTE', Buffer.alloc(7))),
    'a palette of 257': withBefore(indexed, chunk('PLTE', Buffer.alloc(771))),
    'a palette of 5 for 2 bits': withBefore(pictureOf(3, 2), chunk('PLTE', Buffer.alloc(15))),
    'a grey image with a palette': withBefore(grey, palette),
    'a grey image with alpha and a palette': withBefore(pictureOf(4, 8), palette),
    'tRNS before the palette': withBefore(indexed, chunk('tRNS', Buffer.of(1)), palette),
    'tRNS longer than the palette': withBefore(indexed, palette, chunk('tRNS', Buffer.alloc(257))),
    'an empty tRNS': withBefore(indexed, palette, chunk('tRNS')),
    'two tRNS': withBefore(grey, chunk('tRNS', Buffer.alloc(2)), chunk('tRNS', Buffer.alloc(2))),
    'tRNS of a wrong length': withBefore(rgb, chunk('tRNS', Buffer.alloc(2))),
    'tRNS beside alpha': withBefore(pictureOf(6, 8), chunk('tRNS', Buffer.alloc(6))),
    'tRNS after the image': assemblePng(rgb, { after: [chunk('tRNS', Buffer.alloc(6))] }),
    'a suggested palette after tRNS': withBefore(rgb, chunk('tRNS', Buffer.alloc(6)), palette),
    'bKGD beyond the palette': withBefore(
      indexed,
      chunk('PLTE', Buffer.alloc(6)),
      chunk('bKGD', Buffer.of(2)),
    ),
    'bKGD of a wrong length': withBefore(rgb, chunk('bKGD', Buffer.of(2))),
    'sBIT of zero': withBefore(rgb, chunk('sBIT', Buffer.of(8, 0, 8))),
    'sBIT beyond the depth': withBefore(rgb, chunk('sBIT', Buffer.of(8, 9, 8))),
    'sBIT of a wrong length': withBefore(rgb, chunk('sBIT', Buffer.of(8))),
    'hIST without a palette': withBefore(rgb, chunk('hIST', Buffer.alloc(0))),
    'hIST of a wrong length': withBefore(indexed, palette, chunk('hIST', Buffer.alloc(4))),
    'gAMA after the palette': withBefore(indexed, palette, chunk('gAMA', Buffer.of(0, 0, 1, 1))),
    'gAMA of a wrong length': withBefore(rgb, chunk('gAMA', Buffer.of(1))),
    'two gAMA': withBefore(rgb, chunk('gAMA', Buffer.of(0, 0, 1, 1)), chunk('gAMA', Buffer.of(0, 0, 1, 1))),
    'pHYs after the image': assemblePng(rgb, { after: [chunk('pHYs', Buffer.alloc(9))] }),
    'eXIf after the image': assemblePng(rgb, { after: [chunk('eXIf', Buffer.from('MM\0*\0\0\0\x08\0\0'))] }),
    'eXIf that is not EXIF': withBefore(rgb, chunk('eXIf', Buffer.from('Exif\0\0MM\0*'))),
    'eXIf that is truncated': withBefore(rgb, chunk('eXIf', Buffer.from('II*\0\x08\0\0\0\x05\0', 'latin1'))),
    'text without a keyword': withBefore(rgb, chunk('tEXt', Buffer.from('\0x'))),
    'text with a keyword of 80': withBefore(rgb, chunk('tEXt', Buffer.from(`${'k'.repeat(80)}\0x`))),
    'two times': withBefore(rgb, chunk('tIME', Buffer.alloc(7)), chunk('tIME', Buffer.alloc(7))),
    'an ICC profile that does not inflate': withBefore(rgb, chunk('iCCP', Buffer.from('p\0\0abcdef'))),
    'an ICC profile without a signature': withBefore(rgb, profileChunk(profile('RGB ').fill(0, 36, 40))),
    'an ICC profile of a wrong size': withBefore(rgb, profileChunk(profile('RGB ').subarray(0, 150))),
    'a grey ICC profile in a colour image': withBefore(rgb, profileChunk(profile('GRAY'))),
    'an implausibly large chunk': withBefore(rgb, chunk('prIv', Buffer.alloc(9_000_000))),
  }
  for (const [at, bytes] of Object.entries({ width: 0, height: 4 })) {
    violations[`no ${at}`] = Buffer.concat([signature, patchedHeader(bytes, [0, 0, 0, 0]), image(rgb), end])
    violations[`${at} beyond 2^31`] = Buffer.concat([
      signature,
      patchedHeader(bytes, [128, 0, 0, 1]),
      image(rgb),
      end,
    ])
  }
  for (const [name, at, value] of [
    ['compression method', 10, 1],
    ['filter method', 11, 64],
    ['interlace method', 12, 2],
    ['bit depth', 8, 4],
    ['bit depth', 8, 3],
    ['colour type', 9, 1],
    ['colour type', 9, 5],
    ['colour type', 9, 7],
  ] as const) {
    violations[`${name} ${value}`] = Buffer.concat([signature, patchedHeader(at, [value]), image(rgb), end])
  }

  for (const [name, png] of Object.entries(violations)) {
    test(name, async () => {
      for (const order of ['bgr', 'rgb'] as const) {
        for (const keepMetadata of [true, false]) {
          await assert.rejects(permuteWhole(png, order, { keepMetadata }), { name: 'NotWellFormed' })
        }
      }
    })
  }

  test('a valid file is not refused (the control)', async () => {
    await permuteWhole(file(rgb, image(rgb), end), 'bgr')
    await permuteWhole(withBefore(rgb, profileChunk(profile('RGB '))), 'bgr')
    await permuteWhole(withBefore(indexed, palette), 'bgr')
    await permuteWhole(animated([control(0, 4, 5)], [control(1, 2, 2), frame(2, 2, 2)], 2), 'bgr')
  })
})

suite('an animated PNG that breaks a rule is not well formed', () => {
  const first = control(0, 4, 5)
  const good = [control(1, 2, 2), frame(2, 2, 2)]
  const violations: Record<string, Buffer> = {
    'more frames announced than there are': animated([first], good, 3),
    'fewer frames announced than there are': animated([first], good, 1),
    'no frames announced': animated([], [], 0),
    'more plays announced than a number can hold': animated([first], good, 2, 0x80),
    'frames without an announcement': assemblePng(rgb, { before: [first], after: good }),
    'a sequence that skips': animated([first], [control(1, 2, 2), frame(3, 2, 2)], 2),
    'a sequence that starts at one': animated([control(1, 4, 5)], [control(2, 2, 2), frame(3, 2, 2)], 2),
    'a first frame that does not cover the image': animated([control(0, 2, 2)], good, 2),
    'two frames before the image': animated([first, control(1, 4, 5)], [frame(2, 4, 5)], 2),
    'a frame outside the image': animated([first], [control(1, 5, 2), frame(2, 5, 2)], 2),
    'a frame without size': animated([first], [control(1, 0, 2), frame(2, 2, 2)], 2),
    'a frame without data': animated([first], [control(1, 2, 2)], 2),
    'a frame with too little data': animated([first], [control(1, 2, 2), frame(2, 2, 1)], 2),
    'a frame with too much data': animated([first], [control(1, 2, 2), frame(2, 2, 3)], 2),
    'data without a frame': animated([first], [frame(1, 2, 2)], 2),
    'data before the image': animated([first, frame(1, 4, 5)], [], 1),
    'data too short for its number': animated(
      [first],
      [control(1, 2, 2), chunk('fdAT', Buffer.of(0, 0, 0))],
      2,
    ),
    'data that an unrelated chunk interrupts': animated([first], [...good, text, frame(3, 2, 2)], 2),
    'an unknown disposal': animated([first], [control(1, 2, 2, 3), frame(2, 2, 2)], 2),
    'acTL after the image': assemblePng(rgb, { after: [chunk('acTL', Buffer.of(0, 0, 0, 1, 0, 0, 0, 0))] }),
  }
  for (const [name, png] of Object.entries(violations)) {
    test(name, () => assert.rejects(permuteWhole(png, 'bgr'), { name: 'NotWellFormed' }))
  }
})

suite('a large palette image, whose data is not inflated, is not well formed', () => {
  const large = { ...indexed, width: 1100, height: 1000, samples: [] }
  const raw = Buffer.alloc(1101 * 1000)
  const data = deflateSync(raw, { level: 0 })
  const violations: Record<string, Buffer> = {
    'if its data is not a zlib stream': file(large, palette, chunk('IDAT', deflateRawSync(raw)), end),
    'if its data cannot hold the pixels': file(large, palette, chunk('IDAT', data.subarray(0, 900)), end),
    'if its data holds far more': file(large, palette, ...imageChunks(Buffer.concat([data, data])), end),
    'if a CRC is wrong': file(large, palette, damaged(chunk('IDAT', data), -1), end),
    'if it has no data': file(large, palette, chunk('IDAT'), end),
  }
  for (const [name, png] of Object.entries(violations)) {
    test(name, () => assert.rejects(permuteWhole(png, 'bgr'), { name: 'NotWellFormed' }))
  }
})

function pictureOf(colorType: number, bitDepth: number): PngPicture {
  const samples = noise(4 * 5 * channelsOf(colorType), 2 ** bitDepth, 1)
  return { width: 4, height: 5, colorType, bitDepth, samples }
}

function damaged(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bytes.length + at] = (copy[bytes.length + at] ?? 0) ^ 1
  return copy
}

function patchedHeader(at: number, bytes: readonly number[]): Buffer {
  const data = Buffer.from(headerChunk(rgb).subarray(8, 21))
  data.set(bytes, at)
  return chunk('IHDR', data)
}

function profile(colorSpace: string): Buffer {
  const bytes = Buffer.alloc(200)
  bytes.writeUInt32BE(200)
  bytes.write(colorSpace, 16)
  bytes.write('acsp', 36)
  return bytes
}

function profileChunk(bytes: Buffer): Buffer {
  return chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(bytes)]))
}

function animated(before: Buffer[], after: Buffer[], frames: number, plays = 0): Buffer {
  return assemblePng(rgb, {
    before: [chunk('acTL', Buffer.of(0, 0, 0, frames, plays, 0, 0, 0)), ...before],
    after,
  })
}

function control(sequence: number, width: number, height: number, disposal = 0): Buffer {
  return chunk(
    'fcTL',
    Buffer.of(0, 0, 0, sequence, 0, 0, 0, width, 0, 0, 0, height, ...Array(12).fill(0), disposal, 0),
  )
}

function frame(sequence: number, width: number, height: number): Buffer {
  const data = deflateSync(scanlinesOf({ ...rgb, width, height }))
  return chunk('fdAT', Buffer.concat([Buffer.of(0, 0, 0, sequence), data]))
}
