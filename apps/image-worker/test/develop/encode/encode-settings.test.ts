import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsFor } from '../../../src/develop/encode/encode-settings.ts'
import type { Original } from '../../../src/develop/original.ts'

test('the colours of large GIFs are chosen with less effort, so that these fit into the time of a task', () => {
  const effort = (pixels: number, frames = 1) =>
    settingsFor(
      { bits: 8, pixels, frames, hasAlpha: false, delays: [], loop: 0 },
      { format: 'gif', metadata: 'strip' },
      original,
    ).paletteEffort
  assert.equal(effort(1_000_000), 7)
  assert.equal(effort(3_000_000), 5)
  assert.equal(effort(6_000_000), 5)
  assert.equal(effort(7_000_000), 4)
  assert.equal(effort(12_000_000), 4)
  assert.equal(effort(50_000_000), 1)
  assert.equal(effort(1_000_000, 200), 7)
  assert.ok(effort(4_000_000, 14_000) < 4, 'many small frames')
})

const original: Original = {
  format: 'jpeg',
  bytes: 1,
  pixels: 1,
  lossless: false,
  progressive: false,
  quality: undefined,
  quantisationTable: 0,
  chromaSubsampling: undefined,
  isRgb: false,
  bitsPerSample: 8,
}
