import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jpegQuantisation } from '../../src/develop/jpeg/jpeg-quality.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { inspect, meanError } from './inspect.ts'
import { bytesOf, run } from './run.ts'

const photo = () => generatedPhoto({ width: 48, height: 32, seed: 2 })

test('a requested quality is used', async () => {
  const png = await photo().png().toBuffer()
  const before = await inspect(png)
  for (const type of ['jpeg', 'webp', 'avif', 'tiff']) {
    const sizes: number[] = []
    const errors: number[] = []
    for (const quality of [10, 50, 85]) {
      const { bytes } = await run(png, `format:${type}:${quality}`)
      sizes.push(bytes.length)
      errors.push(meanError({ ...(await inspect(bytes)), format: 'png' }, before))
    }
    assert.deepEqual(
      sizes.toSorted((one, other) => one - other),
      sizes,
      type,
    )
    assert.deepEqual(
      errors.toSorted((one, other) => other - one),
      errors,
      type,
    )
  }
  const jpeg = await photo().jpeg({ quality: 90 }).toBuffer()
  const asked = await bytesOf(jpeg, 'swap-channels,format:jpeg:30')
  assert.equal(jpegQuantisation(asked)?.quality, 30)
})

test('a requested quality is used although the file grows', async () => {
  const poor = await photo().jpeg({ quality: 30 }).toBuffer()
  for (const operations of ['format:jpeg:90', 'swap-channels,format:jpeg:90'])
    assert.equal(jpegQuantisation(await bytesOf(poor, operations))?.quality, 90, operations)
  const avif = await photo().avif({ quality: 80 }).toBuffer()
  const [low, high] = [await bytesOf(avif, 'format:avif:20'), await bytesOf(avif, 'format:avif:80')]
  assert.ok(low.length < high.length / 2, `${low.length} and ${high.length} bytes`)
})
