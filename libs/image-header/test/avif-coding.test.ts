import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AvifCoding, bytesSource, MalformedImage, readAvifCoding } from '../src/index.ts'

const srgb = { primaries: 1, transfer: 13, matrix: 6, isFullRange: true }
const lossy = { cicp: srgb, isLossless: false, isPremultiplied: false }

/** The settings passed to avifenc and heif-enc; aom's index is four times avifenc's quantiser. */
const files: Record<string, Omit<AvifCoding, 'places'>> = {
  'aom-422': { ...lossy, subsampling: '4:2:2', quantiser: 96 },
  'rav1e-444': { ...lossy, subsampling: '4:4:4', quantiser: 74 },
  'svt-420': { ...lossy, subsampling: '4:2:0', quantiser: 70 },
  'twelve-bits': { ...lossy, subsampling: '4:2:2', quantiser: 160 },
  monochrome: { ...lossy, subsampling: '4:0:0', quantiser: 40 },
  grid: { ...lossy, subsampling: '4:2:0', quantiser: 96 },
  tiles: { ...lossy, subsampling: '4:2:0', quantiser: 96 },
  libheif: { ...lossy, cicp: { ...srgb, primaries: 2, transfer: 2 }, subsampling: '4:2:0', quantiser: 128 },
  lossless: { ...lossy, cicp: { ...srgb, matrix: 0 }, subsampling: '4:4:4', quantiser: 0, isLossless: true },
  premultiplied: { ...lossy, subsampling: '4:4:4', quantiser: 16, isPremultiplied: true },
  hdr: {
    ...lossy,
    cicp: { primaries: 9, transfer: 16, matrix: 9, isFullRange: true },
    subsampling: '4:4:4',
    quantiser: 16,
  },
}

const bytesOf = (name: string) => readFile(new URL(`avif/${name}.avif`, import.meta.url))

test('subsampling, quantiser, colours and alpha of an AVIF are read, whichever program wrote it', async () => {
  for (const [name, expected] of Object.entries(files)) {
    const coding = await readAvifCoding(bytesSource(await bytesOf(name)))
    const { places: _, ...facts } = coding ?? assert.fail(name)
    assert.deepEqual(facts, expected, name)
  }
})

test('the reported places of the colour numbers are where the file has them', async () => {
  const bytes = await bytesOf('hdr')
  const { places } = (await readAvifCoding(bytesSource(bytes))) ?? assert.fail()
  const [container] = places.containers
  assert.deepEqual(
    [0, 2, 4].map(at => bytes.readUInt16BE((container ?? 0) + at)),
    [9, 16, 9],
  )
  const bit = places.sequence ?? assert.fail()
  const bits = bytes.readUIntBE(bit >> 3, 4) >>> (8 - (bit & 7))
  assert.deepEqual(
    [bits >>> 16, (bits >>> 8) & 255, bits & 255].map(number => number & 255),
    [9, 16, 9],
  )
})

test('an AVIF with any bytes changed is read, or refused as malformed', async () => {
  for (const name of Object.keys(files)) {
    const bytes = await bytesOf(name)
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async changes => {
        const changed = Uint8Array.from(bytes)
        for (const { at, value } of changes) changed[at] = value
        await readAvifCoding(bytesSource(changed)).catch(error => assert.ok(error instanceof MalformedImage))
      }),
    )
  }
})
