import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TiffEntry } from '../../../src/develop/tiff/tiff-directory.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { shortsEntry, TiffWriter } from '../../../src/develop/tiff/tiff-writer.ts'
import { assertSame, inspect, inspectResult, permuted } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { photo, plainTiff, rgba, tiffOf } from './tiff-files.ts'

test('an image is accepted if libtiff only warns about a tag, or corrects it', async () => {
  const samples = [10, 20, 30, 40, 50, 60]
  const tags: TiffEntry[] = [
    { tag: 305, type: 2, count: 4, value: Buffer.from('Scan') }, // a text without a zero at its end
    shortsEntry(297, 3), // a page number without the number of pages
  ]
  for (const tag of tags) {
    const { samples: after } = await inspect(await bytesOf(tiffOf(2, samples, [], [tag]), 'flip'))
    assert.deepEqual(after, rgba(samples))
  }
  // Old files have transparency without declaring it.
  const transparent = [10, 20, 30, 40, 50, 60, 70, 80]
  assert.deepEqual([...(await inspect(await bytesOf(tiffOf(2, transparent), 'flip'))).samples], transparent)
})

test('a TIFF may declare the bits of more samples than it has', async () => {
  const samples = [10, 20, 30, 40, 50, 60]
  const tiff = Buffer.from(tiffOf(2, samples))
  // The tag 258 (BitsPerSample), its type, and its count: three numbers of 16 bits.
  const countAt = tiff.indexOf(Buffer.of(2, 1, 3, 0, 3, 0, 0, 0)) + 4
  tiff.writeUInt32LE(4, countAt)
  assert.deepEqual((await inspect(await bytesOf(tiff, 'swap-channels:rgb'))).samples, rgba(samples))
})

test('a TIFF may declare a strip of no rows', async () => {
  const samples = [10, 20, 30, 40, 50, 60]
  const tiff = Buffer.from(tiffOf(2, samples))
  // The tag 278 (RowsPerStrip), its type, and its count: a number of 32 bits.
  const valueAt = tiff.indexOf(Buffer.of(0x16, 1, 4, 0, 1, 0, 0, 0)) + 8
  tiff.writeUInt32LE(0, valueAt)
  for (const operations of ['swap-channels:rgb', 'format:png'])
    assert.deepEqual((await inspect(await bytesOf(tiff, operations))).samples, rgba(samples), operations)
})

test('a TIFF may declare invalid values, or the format of more or fewer samples than it has', async () => {
  const samples = [10, 20, 30, 40, 50, 60]
  const tags = {
    'the format of one sample': shortsEntry(339, 1),
    'the format of more samples': shortsEntry(339, 1, 1, 1, 1),
    'an invalid format': shortsEntry(339, 0, 0, 0),
    'an invalid predictor': shortsEntry(317, 0),
    'an invalid order of bits': shortsEntry(266, 0),
  }
  for (const [oddity, tag] of Object.entries(tags))
    for (const operations of ['swap-channels:rgb', 'format:png'])
      assert.deepEqual(
        (await inspect(await bytesOf(tiffOf(2, samples, [], [tag]), operations))).samples,
        rgba(samples),
        `${oddity}, ${operations}`,
      )
  const transparent = [10, 20, 30, 40, 50, 60, 70, 80]
  const unknownExtra = await bytesOf(tiffOf(2, transparent, [7]), 'format:png')
  assert.deepEqual([...(await inspect(unknownExtra)).samples], transparent)
})

for (const compression of ['none', 'packbits', 'ccittfax4', 'jpeg'] as const) {
  test(`odd tags that don't concern the pixels are harmless in a TIFF with the compression ${compression}`, async () => {
    const tiff = await photo()
      .resize(120, 90)
      .toColourspace(compression === 'ccittfax4' ? 'b-w' : 'srgb')
      .tiff({ compression, quality: 90, ...(compression === 'ccittfax4' && { bitdepth: 1 }) })
      .toBuffer()
    const text = (tag: number, letters: string): TiffEntry => {
      return { tag, type: 2, count: letters.length, value: Buffer.from(letters) }
    }
    const oddities: Record<string, Buffer> = {
      'a text without a zero at its end': withTags(tiff, [text(305, 'Scanner 1')]),
      // Exif 2.32, 4.6.4 D: the photographer, a zero, the editor, a zero.
      'two names in a copyright': withTags(tiff, [text(33_432, 'Ann\0Bob\0')]),
      'a wrong count': withTags(tiff, [shortsEntry(297, 3)]),
      'an unknown type': withTags(tiff, [{ ...text(270, 'text'), type: 99 }]),
      'a wrong type': withTags(tiff, [shortsEntry(340, 0)]),
      'tags in another order': withTags(tiff, [], entries => entries.reverse()),
      'a tag that is repeated': withTags(tiff, [], entries => [...entries.slice(0, 1), ...entries]),
      'no next directory where it should be': withTags(tiff, [], entries => entries, 0xfffff0),
    }
    for (const operations of ['swap-channels:bgr', 'flip', 'format:auto']) {
      const wanted = await inspect(await bytesOf(tiff, operations))
      for (const [oddity, odd] of Object.entries(oddities))
        assertSame(await inspect(await bytesOf(odd, operations)), wanted, `${oddity}, ${operations}`)
    }
    const kept = await bytesOf(oddities['a text without a zero at its end'] ?? tiff, 'flip,metadata:keep')
    assert.ok(Buffer.from(kept).includes('Scanner 1'))
  })
}

test('a damaged TIFF fails with odd tags, too', async () => {
  const tiff = await photo().tiff({ compression: 'packbits' }).toBuffer()
  const odd = withTags(tiff, [{ tag: 305, type: 2, count: 4, value: Buffer.from('Scan') }])
  const [page] = tiffPages(odd)
  const { at = 0, bytes = 0 } = page?.segments[0] ?? {}
  odd.fill(0x7f, at, at + bytes)
  await assert.rejects(run(odd, 'flip'), { code: 'undecodable-image' })
})

test('invalid tags that do not concern the pixels are ignored, and so are missing byte counts', async () => {
  const { tiff, entry } = await plainTiff()
  const before = await inspect(tiff)
  const changes: Record<string, (tiff: Buffer) => void> = {
    'orientation 0': file => file.writeUInt16LE(0, entry(274)),
    'orientation 9': file => file.writeUInt16LE(9, entry(274)),
    'no unit of resolution': file => file.writeUInt16LE(0, entry(296)),
    'byte counts of 0': file => file.writeUInt32LE(0, entry(279)),
    'tags in another order': file => {
      const at = entry(274) - 8
      const [one, other] = [file.subarray(at, at + 12), file.subarray(at + 12, at + 24)].map(part => [
        ...part,
      ])
      file.set([...(other ?? []), ...(one ?? [])], at)
    },
  }
  for (const [oddity, change] of Object.entries(changes)) {
    const odd = Buffer.from(tiff)
    change(odd)
    assertSame(await inspectResult(await run(odd, 'swap-channels:bgr')), permuted(before, 'bgr'), oddity)
  }
})

/** The TIFF, which has one page, with more tags; the entries of its directory are then changed, 12 bytes each. */
function withTags(
  tiff: Buffer,
  added: readonly TiffEntry[],
  change: (entries: Buffer[]) => Buffer[] = entries => entries,
  next = 0,
): Buffer {
  const entries = tiffPages(tiff)[0]?.directory.entries ?? []
  const writer = new TiffWriter(tiff)
  const { at, nextAt } = writer.directory([...entries, ...added])
  const bytes = writer.bytes()
  const count = (nextAt - at - 2) / 12
  const written = Array.from({ length: count }, (_, index) =>
    Buffer.from(bytes.subarray(at + 2 + 12 * index, at + 14 + 12 * index)),
  )
  const changed = change(written)
  const head = Buffer.alloc(2)
  head.writeUInt16LE(changed.length)
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(next)
  bytes.writeUInt32LE(at, 4)
  return Buffer.concat([bytes.subarray(0, at), head, ...changed, tail])
}
