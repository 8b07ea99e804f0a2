import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { bytesSource, contentTypeOf, type ImageHeader, readImageHeader } from '../src/index.ts'
import { sampleImages } from './sample-images.ts'

const samples = await sampleImages()

for (const { name, bytes } of samples)
  test(`reads the same values from the header as sharp: ${name}`, async () => {
    const header = await readImageHeader(bytesSource(bytes))
    assert.deepEqual(comparable(header), await asSharpReads(bytes))
    const { width, height, frames, channels, bitsPerSample } = header
    assert.equal(header.pixels, width * height * frames)
    assert.equal(header.unpackedBytes, (width * height * frames * channels * bitsPerSample) / 8)
  })

test('the samples cover every format and every orientation', async () => {
  const headers = await Promise.all(samples.map(({ bytes }) => readImageHeader(bytesSource(bytes))))
  assert.equal(new Set(headers.map(header => header.format)).size, 6)
  assert.deepEqual(new Set(headers.map(header => header.orientation)), new Set([1, 2, 3, 4, 5, 6, 7, 8]))
  const progressive = headers.filter(header => header.progressive).map(header => header.format)
  assert.deepEqual(new Set(progressive), new Set(['jpeg', 'png', 'gif']))
  const many = headers.filter(header => header.frames > 1).map(header => header.format)
  assert.deepEqual(new Set(many), new Set(['webp', 'gif', 'tiff']))
})

test('reports whether coding left the pixels unchanged', async () => {
  for (const { name, bytes } of samples) {
    const { lossless, format } = await readImageHeader(bytesSource(bytes))
    const isKept = ['png', 'gif'].includes(format) || (format === 'tiff' && !lossyTiff.test(name))
    assert.equal(lossless, isKept || (format === 'webp' && name.includes('lossless')), name)
  }
})

/** Compression is JPEG unless the name has another. */
const lossyTiff = /jpeg|webp|orientation/

function comparable(header: ImageHeader) {
  const { contentType, width, height, frames, channels, bitsPerSample, orientation, progressive } = header
  return { contentType, width, height, frames, channels, bitsPerSample, orientation, progressive }
}

async function asSharpReads(bytes: Uint8Array): Promise<ReturnType<typeof comparable>> {
  const first = await sharp(bytes).metadata()
  const all = await sharp(bytes, { pages: -1 }).metadata()
  assert.equal(all.height, first.height * (all.pageHeight === undefined ? 1 : (all.pages ?? 1)))
  const bits = { uchar: 8, ushort: 16, float: 32, uint: 32 } as const
  return {
    contentType: first.format === 'heif' ? contentTypeOf('avif') : contentTypeOf(formatOf(first.format)),
    width: first.width,
    height: first.height,
    frames: first.pages ?? 1,
    channels: first.channels,
    bitsPerSample: bits[first.depth as keyof typeof bits],
    orientation: first.orientation ?? 1,
    progressive: first.isProgressive,
  }
}

function formatOf(name: string) {
  assert.ok(name === 'jpeg' || name === 'png' || name === 'webp' || name === 'gif' || name === 'tiff')
  return name
}
