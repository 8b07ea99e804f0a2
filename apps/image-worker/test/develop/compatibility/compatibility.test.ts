// Slow: it develops every file of a long table.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type OutputFormat, outputFormats } from '@darkroom/contracts'
import { imageFormats, sniffFormat } from '@darkroom/image-header'
import type { Cell, Row } from '../../../scripts/compatibility/cells.ts'
import { compatibilityTable, type RowName } from '../../../scripts/compatibility/table.ts'
import { compatibilityPage } from '../../../scripts/compatibility-page.ts'
import { UnusableImage } from '../../../src/develop/unusable-image.ts'
import { run } from '../run.ts'
import { furtherSamples } from './further-samples.ts'
import { type Sample, samples } from './samples.ts'

test('docs/compatibility.md is generated from the tables (by npm run docs)', async () => {
  const page = await readFile(new URL('../../../../../docs/compatibility.md', import.meta.url), 'utf8')
  assert.equal(page, compatibilityPage())
})

const entries = [...(Object.entries(samples) as [RowName, Sample][]), ...furtherSamples]
for (const [name, sample] of entries) {
  const row: Row = compatibilityTable[name]
  const original = formatOf(sample.file)
  test(`${original}: ${row.feature} is treated as docs/compatibility.md describes`, async () => {
    await assertFate(row.swapped, sample, original, 'swap-channels')
    // The first moves pixels, the second mixes them.
    for (const operation of sample.developing ?? ['flip,sharpen:0.3,flip', 'sharpen:0.3'])
      await assertFate(row.developed, sample, original, operation)
    for (const format of outputFormats) {
      const cell = row.as?.[format]
      if (cell && format !== original) await assertFate(cell, sample, format, `format:${format}`)
    }
  })
}

test('every accepted format has a row that names the format of its result', () => {
  for (const format of imageFormats)
    assert.match(compatibilityPage(), new RegExp(`\\| \`image/${format}\` \\|`))
})

async function assertFate(
  { fate }: Cell,
  { file, see, converted, dropped, also }: Sample,
  format: OutputFormat,
  operation: string,
): Promise<void> {
  const operations = also === undefined ? operation : `${operation},${also}`
  if (fate === 'refused') {
    await assert.rejects(run(file, operations), UnusableImage, operations)
    return
  }
  const { bytes } = await run(file, operations)
  const [before, after] = [await see(file), await see(Buffer.from(bytes))]
  const expected = fate === 'kept' ? before : fate === 'dropped' ? dropped : converted?.(format)
  assert.deepEqual(after, expected, `${fate} in ${operations}`)
  // The sample has the feature; otherwise the test would prove nothing.
  assert.notDeepEqual(before, fate === 'kept' ? dropped : expected, 'the sample')
}

function formatOf(file: Uint8Array): OutputFormat {
  const sniffed = sniffFormat(file)
  return sniffed === 'heif' || sniffed === 'heic' ? 'avif' : (sniffed ?? assert.fail())
}
