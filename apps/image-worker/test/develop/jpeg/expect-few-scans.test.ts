import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectFewScans } from '../../../src/develop/jpeg/expect-few-scans.ts'
import { jpegOfScans } from '../announcing-files.ts'
import { cleanJpegs } from '../mend/clean-jpegs.ts'
import { run } from '../run.ts'

test('a JPEG of more than 500 scans is refused before a decoder reads them', async () => {
  expectFewScans(jpegOfScans(500))
  for (const operations of ['swap-channels:bgr', 'flip', 'crop:9x9', 'resize:9x9', 'blur:1'])
    await assert.rejects(run(jpegOfScans(501), operations), {
      code: 'unsupported-image',
      message: 'the JPEG has more than 500 scans: save it again',
    })
})

test('only the scans of the image itself count', async () => {
  for (const [name, jpeg] of await cleanJpegs()) {
    expectFewScans(jpeg)
    expectFewScans(Buffer.concat([jpeg, jpegOfScans(501)]))
    for (let end = 0; end < jpeg.length; end += 7) expectFewScans(jpeg.subarray(0, end))
    assert.ok(jpeg.length > 0, name)
  }
})
