import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { assertAlike } from '../../assert-alike.ts'
import { photo } from '../tiff-files.ts'

for (const compression of ['none', 'lzw', 'deflate', 'jpeg'] as const)
  test(`tiles of one sample a pixel may be declared as separate planes (${compression})`, async () => {
    const grey = photo().resize(60, 50).toColourspace('b-w')
    const together = await grey.tiff({ compression, tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer()
    const separate = Buffer.from(together)
    const entry = tiffPages(separate)[0]?.directory.entries.find(({ tag }) => tag === 284)
    separate.writeUInt16LE(2, entry?.valueAt ?? assert.fail())
    await assertAlike(separate, together, ['swap-channels:bgr', 'flip', 'crop:20x10+3+5', 'format:png'])
  })
