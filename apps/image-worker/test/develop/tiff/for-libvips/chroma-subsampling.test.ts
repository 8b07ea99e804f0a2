import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withDirectories } from '../../../../src/develop/tiff/edit-tiff.ts'
import { joinPages } from '../../../../src/develop/tiff/join-pages.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { assertAlike } from '../../assert-alike.ts'
import { run } from '../../run.ts'
import { photo, stripOfJpeg } from '../tiff-files.ts'

const size = { width: 96, height: 64 }
const factors = { '4:4:4': [1, 1], '4:2:0': [2, 2] } as const
const operations = ['swap-channels:bgr', 'flop', 'format:png', 'crop:20x10+30+20,format:webp']

for (const [chromaSubsampling, own] of Object.entries(factors))
  test(`a TIFF of JPEG in ${chromaSubsampling} is developed if the tag of its subsampling is missing or wrong`, async () => {
    const tiff = await jpegTiff(chromaSubsampling as keyof typeof factors)
    for (const declared of [undefined, [1, 1], [2, 1], [2, 2], [4, 4]])
      await assertAlike(declaring(tiff, declared), declaring(tiff, own), operations)
  })

test('each page of a TIFF of JPEG has its own subsampling', async () => {
  const pages = [await jpegTiff('4:4:4'), await jpegTiff('4:2:0')] as const
  const right = [declaring(pages[0], [1, 1]), declaring(pages[1], [2, 2])]
  await assertAlike(joinPages(pages.map(page => declaring(page, undefined))), joinPages(right), operations)
})

test('a TIFF whose JPEG is damaged in its header is refused', async () => {
  const tiff = declaring(await jpegTiff('4:4:4'), undefined)
  const [segment = assert.fail()] = tiffPages(tiff)[0]?.segments ?? []
  tiff.fill(0, segment.at + 2, segment.at + 300)
  for (const operation of operations)
    await assert.rejects(run(tiff, operation), { code: 'undecodable-image' }, operation)
})

/** Without the tag of the subsampling. */
async function jpegTiff(chromaSubsampling: keyof typeof factors): Promise<Buffer> {
  const picture = photo().resize({ ...size, fit: 'fill' })
  return stripOfJpeg(await picture.jpeg({ quality: 92, chromaSubsampling }).toBuffer(), size, {
    photometric: 6,
  })
}

function declaring(tiff: Uint8Array, factors: readonly number[] | undefined): Buffer {
  const [{ directory } = assert.fail()] = tiffPages(tiff)
  const added = factors ? [shortsEntry(530, ...factors)] : []
  return withDirectories(tiff, [{ directory, entries: [...directory.entries, ...added] }])
}
