import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import sharp from 'sharp'
import { cameraExif, cameraFacts } from './camera-exif.ts'
import { exifOf, jpegWith, picturesWithMetadata, traces, tracesIn } from './metadata-traces.ts'
import { run } from './run.ts'

const pictures = await picturesWithMetadata()

for (const [name, file] of Object.entries(pictures)) {
  test(`${name} loses all data that identifies people, in every format of the result`, async () => {
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

/** The kinds of metadata that each format can hold. */
const holds = {
  jpeg: ['exif', 'xmp', 'iptc'],
  png: ['exif', 'xmp'],
  webp: ['exif', 'xmp'],
  tiff: ['exif', 'xmp', 'iptc'],
  avif: ['exif', 'xmp'],
  gif: ['xmp'],
} as const

test('metadata:keep keeps EXIF, XMP and IPTC where the format can, and no comments', async () => {
  for (const [name, file] of Object.entries(pictures)) {
    const before = tracesIn(file)
    for (const type of outputFormats) {
      const { bytes } = await run(file, `flop,metadata:keep,format:${type}`)
      const held = (['exif', 'xmp', 'iptc'] as const).filter(
        kind => before.includes(kind) && (holds[type] as readonly string[]).includes(kind),
      )
      const after = tracesIn(bytes).filter(trace => trace !== 'thumbnail')
      assert.deepEqual(after, held, `${name} in ${type}`)
      const { exif, xmp, iptc } = await sharp(bytes).metadata()
      // libvips reads neither the EXIF of TIFF nor the metadata of GIF.
      if (type === 'gif') continue
      if (type !== 'tiff') assert.equal(exif?.includes(traces.exif) ?? false, held.includes('exif'))
      assert.equal(xmp?.includes(traces.xmp) ?? false, held.includes('xmp'))
      assert.equal(iptc?.includes(traces.iptc) ?? false, held.includes('iptc'))
    }
  }
})

test('metadata that went through TIFF or GIF comes back as it was, without the thumbnail', async () => {
  for (const order of ['II', 'MM'] as const) {
    const camera = jpegWith(await sharp(pictures.gif).jpeg().toBuffer(), [
      { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), cameraExif(order)]) },
    ])
    const tiff = await run(camera, 'metadata:keep,format:tiff')
    assert.ok(!tracesIn(tiff.bytes).includes('thumbnail'))
    const back = await run(tiff.bytes, 'metadata:keep,format:jpeg')
    const { exif } = await sharp(back.bytes).metadata()
    assert.deepEqual(exif && cameraFacts(exif), {
      artist: traces.exif,
      exposure: [1, 250],
      latitude: [52, 1],
    })
    const twice = await run(tiff.bytes, 'flip,metadata:keep')
    const thrice = await run(twice.bytes, 'metadata:keep,format:png')
    assert.deepEqual(
      cameraFacts((await sharp(thrice.bytes).metadata()).exif ?? Buffer.of()),
      cameraFacts(exif ?? Buffer.of()),
    )
  }
  const { jpeg } = pictures
  assert.ok(jpeg)
  for (const type of ['gif', 'tiff'] as const) {
    const there = await run(jpeg, `metadata:keep,format:${type}`)
    const back = await run(there.bytes, 'flop,flop,metadata:keep,format:jpeg')
    const { xmp, iptc } = await sharp(back.bytes).metadata()
    assert.ok(xmp?.includes(traces.xmp), type)
    assert.equal(iptc?.includes(traces.iptc) ?? false, type === 'tiff')
  }
})

test('metadata of a TIFF that points nowhere, or in a circle, is left out', async () => {
  const tiff = (await run(pictures.jpeg ?? Buffer.of(), 'metadata:keep,format:tiff')).bytes
  const broken = Buffer.from(exifOf(1))
  broken.writeUInt32LE(0xffff_fff0, 4)
  const jpeg = jpegWith(await sharp(tiff).jpeg().toBuffer(), [
    { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), broken]) },
  ])
  assert.deepEqual(tracesIn((await run(jpeg, 'metadata:keep,format:tiff')).bytes), [])
})

test('kept metadata has orientation 1, in EXIF and in XMP, because the pixels are turned', async () => {
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

test('the last metadata operation wins', async () => {
  const { jpeg } = pictures
  assert.ok(jpeg)
  const kept = await run(jpeg, 'metadata:strip,flip,metadata:keep')
  const stripped = await run(jpeg, 'metadata:keep,flip,metadata:strip')
  assert.ok(tracesIn(kept.bytes).includes('exif'))
  assert.deepEqual(tracesIn(stripped.bytes), [])
})

test('a metadata operation alone leaves lossless pixels as they are', async () => {
  const { tiff } = pictures
  assert.ok(tiff)
  const { bytes } = await run(tiff, 'metadata:strip')
  assert.deepEqual(await sharp(bytes).raw().toBuffer(), await sharp(tiff).raw().toBuffer())
})
