import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertSwapped, generateImage, imageKinds, isLossless } from '@darkroom/testing'
import sharp from 'sharp'

test('an image that is not swapped fails the assertion, in every format', async () => {
  for (const kind of imageKinds) {
    const image = await generateImage({ kind, width: 80, height: 60, seed: 1 })
    await assert.rejects(assertSwapped(image, image, { isExact: isLossless(kind) }), /is off by/)
  }
})

test('a single sample that differs by one fails the exact assertion', async () => {
  const [width, height] = [80, 60]
  const image = await generateImage({ kind: 'png', width, height, seed: 1 })
  const samples = await sharp(image).raw().toBuffer()
  const swapped = Buffer.from(samples)
  for (let at = 0; at < samples.length; at += 3) {
    swapped[at] = samples[at + 2] ?? 0
    swapped[at + 2] = samples[at] ?? 0
  }
  const encoded = () =>
    sharp(swapped, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
  await assertSwapped(image, await encoded(), { isExact: true })

  swapped[1000] = (swapped[1000] ?? 0) ^ 1
  await assert.rejects(assertSwapped(image, await encoded(), { isExact: true }), /is off by 1/)
})
