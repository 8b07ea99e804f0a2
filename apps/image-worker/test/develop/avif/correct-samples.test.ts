import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { inspect } from '../inspect.ts'
import { bytesOf } from '../run.ts'

const sample = (name: string) => readFile(new URL(`${name}.avif`, import.meta.url))

test('grey of narrow range in an AVIF is spread to all levels, and its transparency stays', async () => {
  for (const operations of ['format:png', 'flip,format:png', 'swap-channels:bgr']) {
    const { samples } = await inspect(await bytesOf(await sample('narrow-grey'), operations))
    for (let x = 0; x < 16; x++) {
      const shown = [...samples.subarray(4 * x, 4 * x + 3)]
      const isNear = shown.every(level => Math.abs(level - 17 * x) <= 2)
      assert.ok(isNear, `${operations}: level ${17 * x} became ${shown}`)
      assert.equal(samples[4 * x + 3], operations.startsWith('flip') ? 255 : 80)
    }
  }
})

test('white of an AVIF of 10 bits is the white of 16 bits', async () => {
  const { samples, isDeep } = await inspect(await bytesOf(await sample('deep-white'), 'format:png'))
  assert.ok(isDeep)
  assert.deepEqual([...samples.subarray(0, 4)], [65_535, 65_535, 65_535, 65_535])
})
