import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { permuteWhole } from '../collect.ts'
import { noise, noiseBytes } from '../pictures.ts'
import { assemblePng, chunk, dataOf, splitChunks } from './png-assembler.ts'

test('colours in tRNS, bKGD, sBIT and a suggested palette are permuted with the samples', async () => {
  const samples = noise(48, 65536, 2)
  const before = [
    chunk('sBIT', Buffer.of(5, 6, 7)),
    chunk('PLTE', Buffer.of(1, 2, 3, 4, 5, 6)),
    chunk('hIST', Buffer.of(0, 1, 0, 2)),
    chunk('tRNS', Buffer.of(0, 1, 0, 2, 0, 3)),
    chunk('bKGD', Buffer.of(1, 1, 2, 2, 3, 3)),
  ]
  const png = assemblePng({ width: 4, height: 4, colorType: 2, bitDepth: 16, samples }, { before })
  const result = await permuteWhole(png, 'gbr')
  assert.deepEqual([...dataOf(result, 'sBIT')], [6, 7, 5])
  assert.deepEqual([...dataOf(result, 'PLTE')], [2, 3, 1, 5, 6, 4])
  assert.deepEqual([...dataOf(result, 'hIST')], [0, 1, 0, 2])
  assert.deepEqual([...dataOf(result, 'tRNS')], [0, 2, 0, 3, 0, 1])
  assert.deepEqual([...dataOf(result, 'bKGD')], [2, 2, 3, 3, 1, 1])
})

test('indexes and alpha in the chunks of a palette image stay', async () => {
  const before = [
    chunk('sBIT', Buffer.of(5, 6, 7)),
    chunk('PLTE', Buffer.of(1, 2, 3, 4, 5, 6)),
    chunk('tRNS', Buffer.of(9, 8)),
    chunk('bKGD', Buffer.of(1)),
  ]
  const png = assemblePng(
    { width: 4, height: 4, colorType: 3, bitDepth: 1, samples: noise(16, 2, 1) },
    { before },
  )
  const result = await permuteWhole(png, 'bgr')
  assert.deepEqual([...dataOf(result, 'sBIT')], [7, 6, 5])
  assert.deepEqual([...dataOf(result, 'PLTE')], [3, 2, 1, 6, 5, 4])
  assert.deepEqual([...dataOf(result, 'tRNS')], [9, 8])
  assert.deepEqual([...dataOf(result, 'bKGD')], [1])
})

test('the colour space stays: gAMA, cHRM, sRGB, cICP, mDCV, cLLI and an ICC profile', async () => {
  const before = [
    chunk('gAMA', Buffer.of(0, 0, 0xb1, 0x8f)),
    chunk('cHRM', noiseBytesBuffer(32)),
    chunk('sRGB', Buffer.of(0)),
    chunk('cICP', Buffer.of(1, 13, 0, 1)),
    chunk('mDCV', noiseBytesBuffer(24)),
    chunk('cLLI', noiseBytesBuffer(8)),
    chunk('pHYs', Buffer.of(0, 0, 1, 0, 0, 0, 1, 0, 1)),
  ]
  const png = tinyPng({ before })
  const kept = splitChunks(await permuteWhole(png, 'bgr')).map(({ whole }) => whole)
  for (const wanted of before) assert.ok(kept.some(whole => whole.equals(wanted)))
  const profiled = await sharp(png).withIccProfile('p3').png().toBuffer()
  const profile = (await sharp(profiled).metadata()).icc
  assert.ok(profile)
  assert.deepEqual((await sharp(await permuteWhole(profiled, 'bgr')).metadata()).icc, profile)
})

const personal = [
  chunk('eXIf', exif(1)),
  chunk('tEXt', Buffer.from('Author\0Ada')),
  chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.from('hello'))])),
  chunk('iTXt', Buffer.from('Comment\0\0\0\0\0hello')),
  chunk('tIME', Buffer.of(7, 0xe8, 1, 1, 0, 0, 0)),
  chunk('prIv', Buffer.from('anything')),
]

test('data that can identify people is dropped unless metadata is kept', async () => {
  const png = tinyPng({ before: personal, after: [chunk('tEXt', Buffer.from('Title\0late'))] })
  const dropped = splitChunks(await permuteWhole(png, 'bgr')).map(({ type }) => type)
  assert.deepEqual(dropped, ['IHDR', 'IDAT', 'IEND'])
  const kept = splitChunks(await permuteWhole(png, 'bgr', { keepMetadata: true })).map(({ type }) => type)
  assert.deepEqual(kept, 'IHDR tEXt zTXt iTXt tIME prIv IDAT tEXt IEND'.split(' '))
})

test('chunks about the file itself, or unsafe to copy, are always dropped', async () => {
  const png = tinyPng({
    before: [
      chunk('prIV', Buffer.of(1)),
      chunk('sPLT', Buffer.from('name\0\x08')),
      chunk('iTXt', Buffer.from('XML:com.adobe.xmp\0\0\0\0\0<x/>')),
      chunk('tEXt', Buffer.from('Raw profile type exif\0\nexif\n 4\n00000000')),
      chunk('tEXt', Buffer.from('exif:ExifImageWidth\x00160')),
      chunk('tEXt', Buffer.from('Thumb::Image::Width\x00160')),
    ],
  })
  const kept = splitChunks(await permuteWhole(png, 'bgr', { keepMetadata: true })).map(({ type }) => type)
  assert.deepEqual(kept, ['IHDR', 'IDAT', 'IEND'])
})

test('an image with an EXIF orientation is left to the decoder, whether metadata is kept or not', async () => {
  for (const keepMetadata of [true, false]) {
    const png = tinyPng({ before: [chunk('eXIf', exif(6))] })
    await assert.rejects(permuteWhole(png, 'bgr', { keepMetadata }), {
      name: 'NotWellFormed',
      message: /rotating/,
    })
  }
})

function tinyPng(parts: { before?: Buffer[]; after?: Buffer[] }): Buffer {
  return assemblePng({ width: 3, height: 2, colorType: 2, bitDepth: 8, samples: noise(18, 256, 4) }, parts)
}

/** An EXIF block with only an orientation. */
function exif(orientation: number): Buffer {
  const block = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1')
  block.writeUInt16BE(orientation, 18)
  return block
}

function noiseBytesBuffer(length: number): Buffer {
  return Buffer.from(noiseBytes(length, length))
}
