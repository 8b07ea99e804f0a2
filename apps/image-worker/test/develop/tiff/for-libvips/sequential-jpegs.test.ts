import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sharp } from 'sharp'
import { AddedParts, withDirectories } from '../../../../src/develop/tiff/edit-tiff.ts'
import { joinPages } from '../../../../src/develop/tiff/join-pages.ts'
import { jpegsOf, takeStreamApart } from '../../../../src/develop/tiff/jpeg-stream.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { longsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { withJpegKernel } from '../../../../src/permute/jpeg/jpeg-kernel.ts'
import { readJpeg } from '../../../../src/permute/jpeg/read-jpeg.ts'
import { writeJpeg } from '../../../../src/permute/jpeg/write-jpeg.ts'
import { assertAlike } from '../../assert-alike.ts'
import { run } from '../../run.ts'
import { fixture, photo, stripOfJpeg } from '../tiff-files.ts'

const size = { width: 100, height: 70 }
const operations = ['swap-channels:bgr', 'flop', 'format:png', 'crop:20x10+30+20,format:webp']
const picture = () => photo().resize({ ...size, fit: 'fill' })

const jpegs: Record<string, { jpeg: Uint8Array; photometric: number; sampling?: number }> = {
  '4:4:4': { jpeg: await jpegOf(picture(), '4:4:4'), photometric: 6, sampling: 1 },
  '4:2:0': { jpeg: await jpegOf(picture(), '4:2:0'), photometric: 6, sampling: 2 },
  grey: { jpeg: await jpegOf(picture().toColourspace('b-w'), '4:4:4'), photometric: 1 },
  RGB: { jpeg: await rgbJpeg(), photometric: 2 },
}

for (const [kind, { jpeg, ...tags }] of Object.entries(jpegs))
  test(`a TIFF of progressive JPEGs has the samples of sequential JPEGs: ${kind}`, async () => {
    const odd = stripOfJpeg(progressive(jpeg), size, tags)
    await assertAlike(odd, stripOfJpeg(jpeg, size, tags), operations)
    const { bytes } = await run(odd, 'swap-channels:bgr')
    const [page = assert.fail()] = tiffPages(bytes)
    assert.ok(!jpegsOf(bytes, page).some(stream => takeStreamApart(stream).isProgressive))
  })

test('pages of progressive and of sequential JPEGs may be in one TIFF', async () => {
  const [one, other] = [jpegs['4:2:0'] ?? assert.fail(), jpegs['4:4:4'] ?? assert.fail()]
  const sequential = [stripOfJpeg(one.jpeg, size, one), stripOfJpeg(other.jpeg, size, other)]
  const mixed = [stripOfJpeg(one.jpeg, size, one), stripOfJpeg(progressive(other.jpeg), size, other)]
  await assertAlike(joinPages(mixed), joinPages(sequential), operations)
})

test('tiles may be progressive JPEGs', async () => {
  const tiled = await fixture('jpeg-tiled')
  const [page = assert.fail()] = tiffPages(tiled)
  const tiles = jpegsOf(tiled, page).map(progressive)
  const added = new AddedParts(tiled)
  const entries = [
    ...page.directory.entries.filter(({ tag }) => ![324, 325, 347].includes(tag)),
    longsEntry(324, ...tiles.map(tile => added.append(tile))),
    longsEntry(325, ...tiles.map(({ length }) => length)),
  ]
  const odd = withDirectories(tiled, [{ directory: page.directory, entries }], added)
  await assertAlike(odd, tiled, operations)
})

test('a TIFF of a damaged or cut progressive JPEG is refused', async () => {
  const { jpeg, ...tags } = jpegs['4:4:4'] ?? assert.fail()
  const whole = progressive(jpeg)
  for (const length of [whole.length - 40, Math.floor(whole.length / 2)])
    for (const operation of operations)
      await assert.rejects(run(stripOfJpeg(whole.subarray(0, length), size, tags), operation), {
        code: 'undecodable-image',
      })
})

function jpegOf(image: Sharp, chromaSubsampling: string): Promise<Uint8Array> {
  return image.jpeg({ quality: 92, chromaSubsampling }).toBuffer()
}

/** As sharp writes it into a TIFF, in one strip. */
async function rgbJpeg(): Promise<Uint8Array> {
  const tiff = await picture().tiff({ compression: 'jpeg', quality: 92 }).toBuffer()
  const [page = assert.fail()] = tiffPages(tiff)
  const [jpeg = assert.fail()] = jpegsOf(tiff, page)
  return jpeg
}

function progressive(jpeg: Uint8Array): Uint8Array {
  return withJpegKernel(kernel => {
    const read = readJpeg(kernel, jpeg, { hasKnownColours: true })
    return writeJpeg(kernel, { ...read, frame: { ...read.frame, isProgressive: true } })
  })
}
