import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { constants, deflateSync } from 'node:zlib'
import { permuteWhole } from '../collect.ts'
import { decode, permuted } from '../decode.ts'
import { cut, noise, noiseBytes } from '../pictures.ts'
import {
  assemblePng,
  chunk,
  headerChunk,
  imageChunks,
  type PngPicture,
  scanlinesOf,
  signature,
  splitChunks,
} from './png-assembler.ts'

const palette = chunk('PLTE', noiseBytes(768, 1))

/** The data of more than 1 MiB of pixels is not inflated. */
const sizes = { small: [400, 300], large: [1100, 1000] } as const

for (const [name, [width, height]] of Object.entries(sizes)) {
  const picture = pictureOf(width, height)
  for (const idatBytes of [8192, 300_000, undefined]) {
    const cuts = idatBytes === undefined ? 'one chunk' : `chunks of ${idatBytes} bytes`
    test(`the image data of a ${name} palette image in ${cuts} stays byte for byte`, async () => {
      const png = assemblePng(picture, { before: [palette], ...(idatBytes && { idatBytes }) })
      const result = await permuteWhole(png, 'bgr')
      assert.deepEqual(await decode(result), permuted(await decode(png), 'bgr'))
      assert.deepEqual(imageChunksOf(result), imageChunksOf(png))
      const few = name === 'small' ? 7 : 700
      for (const lengths of [[few], [5000, 1], [70_000], [png.length - 14]])
        assert.deepEqual(await permuteWhole(cut(png, lengths), 'bgr'), result)
    })
  }

  suite(`in a ${name} palette image of many chunks, each is checked`, () => {
    const chunks = imageChunks(deflateSync(scanlinesOf(picture)), 1000)
    const interrupted = chunks.toSpliced(50, 0, chunk('tEXt', Buffer.from('Title\0x')))
    const violations: Record<string, Buffer> = {
      'the CRC of the first': file(picture, chunks.with(0, damaged(chunks[0]))),
      'the CRC of the second': file(picture, chunks.with(1, damaged(chunks[1]))),
      'the CRC of one in the middle': file(picture, chunks.with(50, damaged(chunks[50]))),
      'the CRC of the last': file(picture, chunks.with(-1, damaged(chunks.at(-1)))),
      'the type of each': file(picture, interrupted),
      'the length': file(picture, chunks).subarray(0, 60_000),
    }
    for (const [what, png] of Object.entries(violations)) test(what, () => isRefused(png))
  })
}

suite('the data of a small palette image is checked to the last byte', () => {
  const picture = pictureOf(40, 30)
  const lines = scanlinesOf(picture)
  const interlaced = { ...picture, interlaced: true }
  const interlacedLines = scanlinesOf(interlaced)
  const zlib = deflateSync(lines)
  const violations: Record<string, Buffer> = {
    'an unknown filter in the last row': withData(deflateSync(patched(lines, lines.length - 41, 5))),
    'an unknown filter in the last row of the last pass': file(
      interlaced,
      imageChunks(deflateSync(patched(interlacedLines, interlacedLines.length - 41, 5))),
    ),
    'a byte too few': withData(deflateSync(lines.subarray(0, -1))),
    'a byte too many': withData(deflateSync(Buffer.concat([lines, Buffer.of(0)]))),
    'a row too many': withData(deflateSync(Buffer.concat([lines, lines.subarray(0, 41)]))),
    'a bomb': withData(deflateSync(Buffer.alloc(10_000_000))),
    'a wrong Adler-32': withData(damaged(zlib)),
    'no Adler-32': withData(zlib.subarray(0, -4)),
    'a byte after the stream': withData(Buffer.concat([zlib, Buffer.of(0)])),
    'another stream after the stream': withData(Buffer.concat([zlib, zlib])),
    'megabytes after the stream': withData(Buffer.concat([zlib, Buffer.alloc(5_000_000)])),
    'no data': withData(Buffer.alloc(0)),
    'data that is not deflated': withData(lines),
  }
  for (const [name, png] of Object.entries(violations)) test(name, () => isRefused(png))

  function withData(data: Buffer): Buffer {
    return file(picture, [chunk('IDAT', data)])
  }
})

test('palette images of one pixel, and of rows that are flushed one by one, are well formed', async () => {
  const pixel = assemblePng(pictureOf(1, 1), { before: [palette] })
  const picture = pictureOf(1, 1000)
  const data = deflateRows(scanlinesOf(picture), 2)
  assert.ok(data.length > 2 * 2000, 'the stream is longer than usual')
  for (const png of [pixel, file(picture, [chunk('IDAT', data)])]) {
    const result = await permuteWhole(png, 'gbr')
    assert.deepEqual(await decode(result), permuted(await decode(png), 'gbr'))
  }
})

test('empty chunks among the image data stay', async () => {
  const picture = pictureOf(4, 4)
  const [data = Buffer.alloc(0)] = imageChunks(deflateSync(scanlinesOf(picture)))
  const png = file(picture, [chunk('IDAT'), chunk('IDAT'), data, chunk('IDAT')])
  assert.deepEqual(imageChunksOf(await permuteWhole(png, 'bgr')), imageChunksOf(png))
})

function pictureOf(width: number, height: number): PngPicture {
  return { width, height, colorType: 3, bitDepth: 8, samples: noise(width * height, 256, 5) }
}

function file(picture: PngPicture, imageData: readonly Buffer[]): Buffer {
  return Buffer.concat([signature, headerChunk(picture), palette, ...imageData, chunk('IEND')])
}

/** A zlib stream with an empty stored block after each row. */
function deflateRows(lines: Buffer, rowBytes: number): Buffer {
  const rows = Array.from({ length: lines.length / rowBytes }, (_, row) => {
    const line = lines.subarray(row * rowBytes, (row + 1) * rowBytes)
    return deflateSync(line, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(2)
  })
  const whole = deflateSync(lines)
  return Buffer.concat([whole.subarray(0, 2), ...rows, Buffer.of(3, 0), whole.subarray(-4)])
}

function imageChunksOf(png: Buffer): Buffer[] {
  return splitChunks(png)
    .filter(({ type }) => type === 'IDAT')
    .map(({ whole }) => whole)
}

function isRefused(png: Buffer): Promise<void> {
  return assert.rejects(permuteWhole(png, 'bgr'), { name: 'NotWellFormed' })
}

function damaged(bytes: Buffer = Buffer.alloc(0)): Buffer {
  return patched(bytes, bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)
}

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}
