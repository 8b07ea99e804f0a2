import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateImage } from '@darkroom/testing'
import { textMistake } from '../../src/intake/image-as-text.ts'

const kinds = ['png', 'jpeg', 'webp', 'gif', 'tiff'] as const
const images = await Promise.all(
  kinds.map(async kind => Buffer.from(await generateImage({ kind, width: 20, height: 10, seed: 1 }))),
)

test('an image in base64 is recognized as that', () => {
  for (const image of images) {
    const text = image.toString('base64')
    for (const sent of [text, `data:image/any;base64,${text}`])
      assert.match(String(textMistake(Buffer.from(sent))), /in base64; send its bytes/)
  }
})

test('a PNG or JPEG that was decoded as text is recognized as that', () => {
  for (const image of images.slice(0, 2))
    for (const charset of ['utf8', 'latin1'] as const)
      assert.match(String(textMistake(Buffer.from(image.toString(charset)))), /was decoded as text/)
})

test('images, and other texts, are not called images that were sent as text', () => {
  for (const file of [
    ...images,
    Buffer.from('a text'),
    Buffer.from('<svg/>'),
    Buffer.from('\ufeff{}'),
    Buffer.alloc(0),
  ])
    assert.equal(textMistake(file), undefined)
})
