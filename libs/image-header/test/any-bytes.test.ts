import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blockBytes, readBudget } from '../src/header-reader.ts'
import { imageFormats, MalformedImage, readImageHeader } from '../src/index.ts'
import { countingSource } from './counting-source.ts'
import { ftyp, joined, riff, vp8x } from './hand-made.ts'
import { sampleImages } from './sample-images.ts'

const samples = await sampleImages()

const edits = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'remove', 'cut'),
    // Most edits change the header's fields, where they matter.
    at: fc.oneof({ weight: 3, arbitrary: fc.nat(400) }, { weight: 1, arbitrary: fc.nat(4000) }),
    bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.constantFrom(zeros(4), ones(4))),
  }),
  { minLength: 1, maxLength: 4 },
)

test('any edit of a valid file gives a header or MalformedImage, in few reads', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...samples), edits, async (sample, changes) => {
      let bytes = Buffer.from(sample.bytes)
      for (const { kind, at, bytes: put } of changes) {
        const tail = kind === 'cut' ? '' : bytes.subarray(kind === 'insert' ? at : at + put.length)
        bytes = Buffer.from(
          joined(bytes.subarray(0, at), kind === 'remove' || kind === 'cut' ? '' : put, tail),
        )
      }
      await holds(bytes)
    }),
    { numRuns: 6000 },
  ))

test('every truncation of a valid file gives a header or MalformedImage', async () => {
  for (const { bytes } of samples.filter((_, index) => index % 4 === 0))
    for (let length = 0; length < Math.min(bytes.length, 700); length++)
      await holds(bytes.subarray(0, length))
})

const starts = [
  '\xff\xd8\xff',
  '\x89PNG\r\n\x1a\n\0\0\0\rIHDR',
  'GIF89a',
  'RIFF\xff\0\0\0WEBP',
  'II*\0\x08\0\0\0',
  'MM\0*\0\0\0\x08',
  'II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0',
  ftyp('avif'),
  joined(ftyp('avif'), '\0\0\0\0meta\0\0\0\0'),
  riff(vp8x(2, 20, 20)).with(4, 200),
]

test('any bytes after any magic give a header or MalformedImage, in few reads', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), async (start, rest) =>
      holds(joined(start, rest)),
    ),
    { numRuns: 6000 },
  ))

/**
 * Checks that an input gives a plausible header or MalformedImage, with reads of at most a block and within the budget.
 */
async function holds(bytes: Uint8Array): Promise<void> {
  const source = countingSource(bytes)
  try {
    const header = await readImageHeader(source)
    assert.ok(imageFormats.includes(header.format))
    for (const count of [header.width, header.height, header.frames, header.channels])
      assert.ok(Number.isSafeInteger(count) && count >= 1)
    assert.ok(header.pixels >= header.width * header.height && header.unpackedBytes >= header.pixels)
    assert.ok(header.orientation >= 1 && header.orientation <= 8)
    assert.ok([8, 16, 32].includes(header.bitsPerSample))
  } catch (error) {
    if (!(error instanceof MalformedImage)) throw error
    assert.match(error.message, /^(the|a) \w/)
  }
  assert.ok(source.reads.length <= readBudget(bytes.length))
  assert.ok(source.reads.length <= 10, `${source.reads.length} reads of a file of one block`)
  assert.ok(source.reads.every(({ length }) => length <= blockBytes))
}

function zeros(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length)
}

function ones(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(0xff)
}
