import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentTypeOf, imageFormats, sniffFormat } from '../src/index.ts'
import { ftyp, joined } from './hand-made.ts'
import { sampleImages } from './sample-images.ts'

const bytes = (text: string) => joined(text)

test('finds the format of every sample from its first 64 bytes', async () => {
  for (const sample of await sampleImages()) {
    const word = sample.name.split(/[ ,]/)[0]?.toLowerCase().replace('bigtiff', 'tiff')
    assert.equal(sniffFormat(sample.bytes.subarray(0, 64)), word, sample.name)
  }
})

test('distinguishes AVIF from HEIC by the brands, and leaves ambiguous brands open', () => {
  assert.equal(sniffFormat(ftyp('avif')), 'avif')
  assert.equal(sniffFormat(ftyp('avis', 'msf1')), 'avif')
  assert.equal(sniffFormat(ftyp('mif1', 'miaf', 'avif')), 'avif')
  assert.equal(sniffFormat(ftyp('msf1', 'avis')), 'avif')
  for (const brand of ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'])
    for (const brands of [[brand], ['mif1', brand], ['msf1', 'miaf', brand]] as [string, ...string[]][])
      assert.equal(sniffFormat(ftyp(...brands)), 'heic', brands.join())
  assert.equal(sniffFormat(ftyp('heic', 'mif1', 'avif')), 'heif')
  assert.equal(sniffFormat(ftyp('msf1')), 'heif')
  assert.equal(sniffFormat(joined(ftyp('mif1'), 'avif')), 'heif', "a brand after the box doesn't count")
  assert.equal(sniffFormat(ftyp('mp42', 'isom')), undefined)
})

test('recognises a JPEG with stray bytes after its start marker, if a segment follows', () => {
  for (const start of ['\xff\xd8\xff\xe0', '\xff\xd8\0\xff\xe1', '\xff\xd8stray\n\xff\xdb'])
    assert.equal(sniffFormat(bytes(start)), 'jpeg', start)
  for (const start of ['\xff\xd8\0', '\xff\xd8text\xff\0', '\xff\xd8text\xff\xda'])
    assert.equal(sniffFormat(bytes(start)), undefined, start)
})

test('accepts neither formats that load other files nor files that only look like an image', () => {
  const others = [
    '',
    '\xff\xd8',
    'GIF88a',
    'RIFF\0\0\0\0WAVE',
    '%PDF-1.7',
    '<svg xmlns=',
    'BM',
    'MM*\0',
    'II+\0\x04\0\0\0',
  ]
  for (const other of others) assert.equal(sniffFormat(bytes(other)), undefined, other)
})

test('has a content type for every format', () => {
  assert.deepEqual(
    imageFormats.map(contentTypeOf),
    imageFormats.map(format => `image/${format}`),
  )
})
