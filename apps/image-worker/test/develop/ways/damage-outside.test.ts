// Slow: it develops every format with many operations.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnusableImage } from '../../../src/develop/unusable-image.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { run } from '../run.ts'

test('damage anywhere in a file is noticed, whatever part of it is in the result', async () => {
  const [width, height] = [320, 640]
  const picture = generatedPhoto({ width, height, seed: 2 })
  const files = {
    jpeg: await picture.clone().jpeg().toBuffer(),
    'progressive jpeg': await picture.clone().jpeg({ progressive: true }).toBuffer(),
    png: await picture.clone().png().toBuffer(),
    webp: await picture.clone().webp().toBuffer(),
  }
  const chains = [
    ...['flip', 'resize:30x', 'resize:300x', 'blur:2', 'crop:20x20', 'crop:20x20+0+0', 'resize:100x20:cover'],
    ...[
      'resize:200x,crop:20x20+0+0',
      'crop:200x200+0+0,resize:50x',
      'crop:20x20+0+0,flip',
      'resize:100x20:contain',
    ],
    ...['resize:200x,flop,crop:20x20+0+0', 'resize:200x,rotate:90,crop:20x20', 'rotate:30', 'format:png'],
  ]
  for (const [name, file] of Object.entries(files)) {
    for (const missing of [20, 100, file.length >> 2, file.length >> 1]) {
      const damaged = file.subarray(0, file.length - missing)
      for (const chain of chains) {
        const message = `${name} without ${missing} bytes: ${chain}`
        await assert.rejects(run(damaged, `${chain},flop`), UnusableImage, message)
        await assert.rejects(run(damaged, chain), UnusableImage, message)
      }
    }
  }
})
