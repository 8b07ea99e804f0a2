import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsFor } from '../../src/develop/encode-settings.ts'
import type { Original } from '../../src/develop/original.ts'

test('the colours of large GIFs are chosen with less effort, so that these fit into the time of a task', () => {
  const effort = (pixels: number) =>
    settingsFor(
      { bits: 8, pixels, hasAlpha: false, delays: [], loop: 0 },
      { format: 'gif', metadata: 'strip' },
      original,
    ).paletteEffort
  assert.equal(effort(1_000_000), 7)
  assert.ok(effort(12_000_000) < 5)
  assert.equal(effort(50_000_000), 1)
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
