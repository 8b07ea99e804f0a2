import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sharp } from 'sharp'
import { keepEntries } from '../../../../src/develop/tiff/edit-tiff.ts'
import { joinPages } from '../../../../src/develop/tiff/join-pages.ts'
import { TiffReader } from '../../../../src/develop/tiff/tiff-directory.ts'
import { assertAlike } from '../../assert-alike.ts'
import { run } from '../../run.ts'
import { photo } from '../tiff-files.ts'

const grey = () => photo().resize(60, 50).toColourspace('b-w')
const colours = () => photo().resize(60, 50)
const transparent = () => colours().ensureAlpha(0.5)
const written = (image: Sharp, compression: 'none' | 'lzw') => image.tiff({ compression }).toBuffer()
const bilevel = (compression: 'lzw' | 'ccittfax4') =>
  grey()
    .tiff({ compression, predictor: 'none', bitdepth: 1, miniswhite: compression === 'ccittfax4' })
    .toBuffer()

const files: Record<string, Buffer> = {
  grey: await written(grey(), 'none'),
  'grey of 16 bits': await written(grey().toColourspace('grey16'), 'lzw'),
  'black and white': await bilevel('lzw'),
  'a fax': await bilevel('ccittfax4'),
  'red, green and blue': await written(colours(), 'lzw'),
  'red, green, blue and transparency': await written(transparent(), 'lzw'),
}

for (const [kind, tiff] of Object.entries(files))
  test(`a TIFF that does not declare what its samples mean is developed: ${kind}`, async () => {
    await assertGuessed(tiff)
  })

test('the meaning of samples is guessed for each page', async () => {
  await assertGuessed(joinPages([files.grey ?? assert.fail(), files['a fax'] ?? assert.fail()]))
})

test('a TIFF of JPEG in three components, which may be RGB or YCbCr, must declare its colours', async () => {
  const tiff = withoutPhotometric(await colours().tiff({ compression: 'jpeg' }).toBuffer())
  await assert.rejects(run(tiff, 'flip'), /required field 262 missing/)
})

function assertGuessed(tiff: Uint8Array): Promise<void> {
  const lists = ['swap-channels:bgr', 'flip', 'format:png', 'crop:20x10+3+5,format:webp']
  return assertAlike(withoutPhotometric(tiff), tiff, lists)
}

function withoutPhotometric(tiff: Uint8Array): Buffer {
  const file = Buffer.from(tiff)
  for (const directory of TiffReader.of(tiff)?.directories() ?? []) {
    const kept = directory.entries.filter(({ tag }) => tag !== 262)
    keepEntries(file, directory, kept, directory.next)
  }
  return file
}
