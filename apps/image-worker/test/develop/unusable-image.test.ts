import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { run } from './run.ts'

test('an error names the damage alone, whatever the decoder adds about its output', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
  const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888', noise } })
    .png()
    .toBuffer()
  for (const operations of ['flip', 'format:png', 'format:webp'])
    await assert.rejects(run(whole.subarray(0, -300), operations), {
      code: 'undecodable-image',
      message: 'the PNG is cut off or damaged',
    })
})
