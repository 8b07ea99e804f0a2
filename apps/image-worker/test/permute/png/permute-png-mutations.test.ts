// Slow: it generates many examples.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { permuteWhole } from '../collect.ts'
import { decode, permuted } from '../decode.ts'
import { assembleWithColors, noiseBytes, orders, pictures } from '../pictures.ts'
import { chunk, signature, splitChunks } from './png-assembler.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 30 })
const places = fc.nat(99_999).map(part => part / 100_000)
const types = fc.constantFrom(
  ...[
    'IHDR',
    'PLTE',
    'IDAT',
    'IEND',
    'tRNS',
    'bKGD',
    'sBIT',
    'gAMA',
    'acTL',
    'fcTL',
    'fdAT',
    'tEXt',
    'crAp',
    'CRAP',
  ],
)

/** Damages bytes anywhere. */
const blind: fc.Arbitrary<(png: Buffer) => Buffer> = fc.oneof(
  fc.tuple(places, fc.integer({ min: 1, max: 255 })).map(([place, bits]) => (png: Buffer) => {
    const copy = Buffer.from(png)
    const at = Math.floor(place * png.length)
    copy[at] = (copy[at] ?? 0) ^ bits
    return copy
  }),
  places.map(place => (png: Buffer) => png.subarray(0, place * png.length)),
  fc.tuple(places, bytes).map(([place, extra]) => (png: Buffer) => {
    const at = Math.floor(place * png.length)
    return Buffer.concat([png.subarray(0, at), extra, png.subarray(at)])
  }),
)

/** Damages chunks: lengths and CRCs stay right. */
const knowing: fc.Arbitrary<(png: Buffer) => Buffer> = fc.oneof(
  fc
    .tuple(places, types, bytes)
    .map(([place, type, data]) => rearranged((chunks, at) => chunks.splice(at, 0, chunk(type, data)), place)),
  places.map(place => rearranged((chunks, at) => chunks.splice(at, 1), place)),
  places.map(place => rearranged((chunks, at) => chunks.splice(at, 0, chunks[at] ?? Buffer.alloc(0)), place)),
  places.map(place =>
    rearranged((chunks, at) => chunks.splice(at, 2, ...chunks.slice(at, at + 2).reverse()), place),
  ),
  fc.tuple(places, blind).map(([place, damage]) =>
    rearranged((chunks, at) => {
      const whole = chunks[at] ?? Buffer.alloc(12)
      chunks[at] = chunk(whole.toString('latin1', 4, 8), damage(whole.subarray(8, -4)))
    }, place),
  ),
)

test('a damaged PNG is refused as not well formed, or its result is its permuted decode', async () => {
  let survivors = 0
  await fc.assert(
    fc.asyncProperty(
      pictures,
      fc.boolean(),
      orders,
      fc.array(fc.oneof(blind, knowing, knowing), { minLength: 1, maxLength: 2 }),
      async (picture, hasTransparency, order, damages) => {
        const png = damages.reduce(
          (file, damage) => damage(file),
          assembleWithColors(picture, hasTransparency),
        )
        const result = await permuteWhole(png, order).catch((error: unknown) => {
          assert.ok(error instanceof NotWellFormed, String(error))
        })
        if (!result) return
        const wanted = await decode(png).catch(() => undefined)
        if (!wanted) return
        survivors += 1
        assert.deepEqual(await decode(result), permuted(wanted, order))
      },
    ),
    { numRuns: 1500 },
  )
  assert.ok(survivors > 20, `only ${survivors} files survived: the test proves nothing`)
})

test('random bytes are refused as not well formed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (noise, isSigned) => {
      const file = isSigned ? Buffer.concat([signature, noise]) : noise
      await assert.rejects(permuteWhole(file, 'bgr'), NotWellFormed)
    }),
    { numRuns: 300 },
  )
})

test('damage in the compressed data always ends in a refusal', async () => {
  const picture = { width: 40, height: 40, colorType: 2, bitDepth: 8, samples: noiseBytes(4800, 1) }
  const png = assembleWithColors(picture, false)
  await fc.assert(
    fc.asyncProperty(fc.nat(4), blind, async (at, damage) => {
      const parts = splitChunks(png)
      const damaged = parts.map(({ type, data, whole }, index) =>
        index === at + 1 && type === 'IDAT' ? chunk('IDAT', damage(data)) : whole,
      )
      const file = Buffer.concat([signature, ...damaged])
      // Some bits have no effect: the level of the compression, and those after the last code.
      fc.pre(!file.equals(png) && (file.length !== png.length || !pixelsEqual(file, png)))
      await assert.rejects(permuteWhole(file, 'bgr'), NotWellFormed)
    }),
    { numRuns: 300 },
  )
})

function pixelsEqual(one: Buffer, other: Buffer): boolean {
  return inflated(one)?.equals(inflated(other) ?? Buffer.alloc(0)) ?? false
}

/** The decompressed data of the image; undefined if it is damaged. */
function inflated(png: Buffer): Buffer | undefined {
  const data = splitChunks(png).filter(({ type }) => type === 'IDAT')
  try {
    return inflateSync(Buffer.concat(data.map(part => part.data)))
  } catch {
    return undefined
  }
}

function rearranged(change: (chunks: Buffer[], at: number) => void, place: number): (png: Buffer) => Buffer {
  return png => {
    try {
      const chunks = splitChunks(png).map(({ whole }) => whole)
      change(chunks, Math.floor(place * chunks.length))
      return Buffer.concat([signature, ...chunks])
    } catch {
      return png // too damaged to have chunks
    }
  }
}
