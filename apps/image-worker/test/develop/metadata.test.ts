import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import sharp from 'sharp'
import { picturesWithMetadata, traces, tracesIn } from './carried.ts'
import { run } from './run.ts'

const pictures = await picturesWithMetadata()

for (const [name, file] of Object.entries(pictures)) {
  test(`nothing that tells of people is left of ${name}, in whatever format it is written`, async () => {
    assert.ok(tracesIn(file).length > 0)
    for (const operations of ['swap-channels:bgr', 'flip', ...outputFormats.map(type => `format:${type}`)]) {
      const { bytes } = await run(file, operations)
      const { exif, xmp, iptc, comments, tifftagPhotoshop } = await sharp(bytes).metadata()
      assert.deepEqual({ exif, xmp, iptc, comments, tifftagPhotoshop }, none, operations)
      assert.deepEqual(tracesIn(bytes), [], operations)
    }
  })
}

const none = {
  exif: undefined,
  xmp: undefined,
  iptc: undefined,
  comments: undefined,
  tifftagPhotoshop: undefined,
}

/** What the formats can hold of it; GIF and TIFF hold no EXIF that sharp could write, and only JPEG's IPTC is kept. */
const holds = {
  jpeg: ['exif', 'xmp', 'iptc'],
  png: ['exif', 'xmp'],
  webp: ['exif', 'xmp'],
  tiff: ['xmp'],
  avif: ['exif', 'xmp'],
  gif: [],
} as const

test('metadata:keep keeps EXIF, XMP and IPTC where the format can, and no comments', async () => {
  for (const [name, file] of Object.entries(pictures)) {
    const before = await sharp(file).metadata()
    for (const type of outputFormats) {
      const { bytes } = await run(file, `flop,metadata:keep,format:${type}`)
      const after = await sharp(bytes).metadata()
      for (const kind of ['exif', 'xmp', 'iptc'] as const) {
        const isHeld = (holds[type] as readonly string[]).includes(kind) && before[kind] !== undefined
        assert.equal(after[kind]?.includes(traces[kind]) ?? false, isHeld, `${kind} of ${name} in ${type}`)
      }
      assert.ok(!tracesIn(bytes).includes('comment'), `the comment of ${name} in ${type}`)
    }
  }
})

test('metadata that is kept says orientation 1, in EXIF and in XMP, since the pixels are turned', async () => {
  for (const name of ['jpeg', 'png']) {
    const file = pictures[name]
    assert.ok(file)
    assert.equal((await sharp(file).metadata()).orientation, 6)
    for (const operations of ['swap-channels:bgr', 'flip', 'format:webp', 'format:jpeg', 'format:png']) {
      const { bytes, facts } = await run(file, `${operations},metadata:keep`)
      const { orientation, xmp } = await sharp(bytes).metadata()
      assert.equal(orientation, 1)
      assert.match(xmp?.toString() ?? '', /tiff:Orientation="1"/)
      assert.deepEqual([facts.width, facts.height], [24, 32])
    }
  }
})

test('the last metadata operation counts, wherever it stands', async () => {
  const { jpeg } = pictures
  assert.ok(jpeg)
  const kept = await run(jpeg, 'metadata:strip,flip,metadata:keep')
  const stripped = await run(jpeg, 'metadata:keep,flip,metadata:strip')
  assert.ok(tracesIn(kept.bytes).includes('exif'))
  assert.deepEqual(tracesIn(stripped.bytes), [])
})

test('metadata without pixels to change leaves lossless ones as they are', async () => {
  const { tiff } = pictures
  assert.ok(tiff)
  const { bytes } = await run(tiff, 'metadata:strip')
  assert.deepEqual(await sharp(bytes).raw().toBuffer(), await sharp(tiff).raw().toBuffer())
})
