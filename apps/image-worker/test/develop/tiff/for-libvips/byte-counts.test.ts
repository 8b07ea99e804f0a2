import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { keepEntries, overwriteNumbers } from '../../../../src/develop/tiff/edit-tiff.ts'
import { joinPages } from '../../../../src/develop/tiff/join-pages.ts'
import { numbersOf, TiffReader } from '../../../../src/develop/tiff/tiff-directory.ts'
import { generatedPhoto } from '../../../generated-photo.ts'
import { assertSame, inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'

const fixture = (path: string) => readFile(new URL(`../../${path}.tif`, import.meta.url))
const [width, height] = [320, 240]
const photo = () => generatedPhoto({ width, height, seed: 5 })

/** Several strips or tiles each. */
const files = {
  none: await photo().tiff({ compression: 'none' }).toBuffer(),
  LZW: await photo().tiff({ compression: 'lzw' }).toBuffer(),
  PackBits: await photo().tiff({ compression: 'packbits' }).toBuffer(),
  JPEG: await fixture('tiffs/jpeg-tiled'),
  'Group 3': await fixture('cases/31-b-group3'),
  Zstandard: await fixture('tiffs/zstd-tiled'),
  'pages in PackBits': joinPages([
    await photo().tiff({ compression: 'packbits' }).toBuffer(),
    await photo().flip().tiff({ compression: 'packbits' }).toBuffer(),
  ]),
}
const byteCounts: readonly number[] = [279, 325]

for (const [compression, tiff] of Object.entries(files)) {
  test(`a TIFF (${compression}) without the byte counts of its strips is developed like a TIFF that has them`, async () => {
    for (const operations of ['swap-channels:bgr', 'flip', 'format:png']) {
      const expected = await inspectResult(await run(tiff, operations))
      assertSame(await inspectResult(await run(withoutByteCounts(tiff), operations)), expected, operations)
      assertSame(await inspectResult(await run(withByteCountsOf0(tiff), operations)), expected, operations)
    }
  })
}

test('a TIFF without byte counts whose last strip is too short fails', async () => {
  for (const compression of ['none', 'LZW', 'PackBits'] as const) {
    const tiff = withoutByteCounts(files[compression])
    const offsets = TiffReader.of(tiff)
      ?.directories()[0]
      ?.entries.find(({ tag }) => tag === 273)
    // The directory follows the strips.
    const { at = 0 } = TiffReader.of(tiff)?.directories()[0] ?? {}
    overwriteNumbers(tiff, offsets ?? assert.fail(), numbersOf(offsets).with(-1, at - 10))
    await assert.rejects(run(tiff, 'flip'), { code: 'undecodable-image' }, compression)
  }
})

function withoutByteCounts(tiff: Uint8Array): Buffer {
  const file = Buffer.from(tiff)
  for (const directory of TiffReader.of(tiff)?.directories() ?? []) {
    const kept = directory.entries.filter(({ tag }) => !byteCounts.includes(tag))
    keepEntries(file, directory, kept, directory.next)
  }
  return file
}

function withByteCountsOf0(tiff: Uint8Array): Buffer {
  const file = Buffer.from(tiff)
  for (const { entries } of TiffReader.of(tiff)?.directories() ?? [])
    for (const entry of entries.filter(({ tag }) => byteCounts.includes(tag)))
      overwriteNumbers(file, entry, new Array<number>(entry.count).fill(0))
  return file
}
