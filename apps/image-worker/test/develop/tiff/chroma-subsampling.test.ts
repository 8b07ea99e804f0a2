import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withDirectories } from '../../../src/develop/metadata/edit-tiff.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../src/develop/metadata/tiff-writer.ts'
import { joinPages } from '../../../src/develop/tiff/join-pages.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { assertSame, inspectResult } from '../inspect.ts'
import { run } from '../run.ts'
import { photo } from './tiff-files.ts'

const [width, height] = [96, 64]
const factors = { '4:4:4': [1, 1], '4:2:0': [2, 2] } as const
const operations = ['swap-channels:bgr', 'flop', 'format:png', 'crop:20x10+30+20,format:webp']

for (const [chromaSubsampling, own] of Object.entries(factors))
  test(`a TIFF of JPEG in ${chromaSubsampling} is developed if the tag of its subsampling is missing or wrong`, async () => {
    const tiff = await jpegTiff(chromaSubsampling as keyof typeof factors)
    for (const declared of [undefined, [1, 1], [2, 1], [2, 2], [4, 4]])
      await assertAlike(declaring(tiff, declared), declaring(tiff, own))
  })

test('each page of a TIFF of JPEG has its own subsampling', async () => {
  const pages = [await jpegTiff('4:4:4'), await jpegTiff('4:2:0')] as const
  const right = [declaring(pages[0], [1, 1]), declaring(pages[1], [2, 2])]
  await assertAlike(joinPages(pages.map(page => declaring(page, undefined))), joinPages(right))
})

test('a TIFF whose JPEG is damaged in its header is refused', async () => {
  const tiff = declaring(await jpegTiff('4:4:4'), undefined)
  const [segment = assert.fail()] = tiffPages(tiff)[0]?.segments ?? []
  tiff.fill(0, segment.at + 2, segment.at + 300)
  for (const operation of operations)
    await assert.rejects(run(tiff, operation), { code: 'undecodable-image' }, operation)
})

async function assertAlike(odd: Uint8Array, right: Uint8Array): Promise<void> {
  for (const operation of operations)
    assertSame(
      await inspectResult(await run(odd, operation)),
      await inspectResult(await run(right, operation)),
      operation,
    )
}

/** One strip, without the tag of the subsampling. */
async function jpegTiff(chromaSubsampling: keyof typeof factors): Promise<Buffer> {
  const jpeg = await photo()
    .resize(width, height, { fit: 'fill' })
    .jpeg({ quality: 92, chromaSubsampling })
    .toBuffer()
  return encodeTiff(writer => [
    ...[longsEntry(256, width), longsEntry(257, height), shortsEntry(258, 8, 8, 8), shortsEntry(259, 7)],
    ...[shortsEntry(262, 6), longsEntry(273, writer.append(jpeg)), shortsEntry(277, 3)],
    ...[longsEntry(278, height), longsEntry(279, jpeg.length)],
  ])
}

function declaring(tiff: Uint8Array, factors: readonly number[] | undefined): Buffer {
  const [{ directory } = assert.fail()] = tiffPages(tiff)
  const added = factors ? [shortsEntry(530, ...factors)] : []
  return withDirectories(tiff, [], [{ directory, entries: [...directory.entries, ...added] }])
}
