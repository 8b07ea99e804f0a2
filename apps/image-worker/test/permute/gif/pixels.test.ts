import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expectGifPixels } from '../../../src/permute/gif/pixels.ts'
import { noise } from '../pictures.ts'

/** The outcome of LZW data by a decoder that keeps the strings: their pixels, or why there are none. */
type Outcome = number | 'a code before it exists' | 'bytes after the end'

interface Stream {
  readonly colorBits: number
  readonly codes: number
  readonly seed: number
  /** After how many codes, on average, the table is cleared. */
  readonly clearsEvery: number
  readonly hasEnd: boolean
  /** The index of a code that the table doesn't hold yet, if there are that many codes. */
  readonly unknownAt: number
  readonly after: Uint8Array
  readonly blockBytes: number
}

const streams: fc.Arbitrary<Stream> = fc.record({
  colorBits: fc.integer({ min: 2, max: 8 }),
  codes: fc.oneof(fc.nat(50), fc.nat(6000)),
  seed: fc.nat(99_999),
  clearsEvery: fc.constantFrom(10, 300, 1e9),
  hasEnd: fc.boolean(),
  unknownAt: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, fc.nat(5000)),
  after: fc.oneof({ weight: 3, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 3 })),
  blockBytes: fc.oneof(fc.constant(255), fc.integer({ min: 1, max: 255 })),
})

test('codes give the pixels of their strings', () => {
  const property = fc.property(streams, stream => {
    const data = packed(stream)
    expectOutcome(stream.colorBits, blocksOf(data, stream.blockBytes), decoded(stream.colorBits, data))
  })
  fc.assert(property, { numRuns: 300 })
  const outcomes = fc
    .sample(streams, { numRuns: 100, seed: 1 })
    .map(stream => decoded(stream.colorBits, packed(stream)))
  const kinds = new Set(outcomes.map(outcome => (typeof outcome === 'string' ? outcome : 'pixels')))
  assert.equal(kinds.size, 3, `only these outcomes occurred: ${[...kinds]}`)
})

test('random bytes have the same outcome as in a decoder that keeps the strings', () => {
  const bytes = fc.uint8Array({ maxLength: 600 })
  const property = fc.property(fc.integer({ min: 2, max: 8 }), bytes, fc.integer({ min: 1, max: 255 }), judge)
  function judge(colorBits: number, data: Uint8Array, blockBytes: number) {
    expectOutcome(colorBits, blocksOf(data, blockBytes), decoded(colorBits, data))
  }
  fc.assert(property, { numRuns: 500 })
})

test('a frame of several times 64 KiB is read in pieces, cut anywhere', () => {
  for (const blockBytes of [1, 2, 3, 100, 254, 255]) {
    const stream = { colorBits: 8, codes: 140_000, seed: blockBytes, clearsEvery: 3800, blockBytes }
    const rest = { hasEnd: true, unknownAt: Infinity, after: new Uint8Array() }
    const data = packed({ ...stream, ...rest })
    expectOutcome(8, blocksOf(data, blockBytes), decoded(8, data))
    const longer = Buffer.concat([data, Buffer.of(0)])
    expectOutcome(8, blocksOf(longer, blockBytes), 'bytes after the end')
  }
})

function expectOutcome(colorBits: number, subBlocks: Uint8Array, outcome: Outcome): void {
  const isRefused = { name: 'NotWellFormed' }
  if (typeof outcome === 'string') {
    assert.throws(() => expectGifPixels(colorBits, subBlocks, 1e9), isRefused)
    return
  }
  expectGifPixels(colorBits, subBlocks, outcome)
  if (outcome > 0) assert.throws(() => expectGifPixels(colorBits, subBlocks, outcome - 1), /more pixels/)
  assert.throws(() => expectGifPixels(colorBits, subBlocks, outcome + 1), /fewer pixels/)
}

/** A decoder that keeps all strings, and reads codes bit by bit. */
function decoded(colorBits: number, data: Uint8Array): Outcome {
  const clear = 1 << colorBits
  const colors = Array.from({ length: clear }, (_, color) => [color])
  let strings: number[][] = []
  let previous: number[] | undefined
  let pixels = 0
  let bit = 0
  for (let width = colorBits + 1; bit + width <= 8 * data.length; ) {
    let code = 0
    for (let at = 0; at < width; at += 1, bit += 1) {
      code |= (((data[bit >> 3] as number) >> (bit & 7)) & 1) << at
    }
    if (code === clear + 1) return Math.ceil(bit / 8) < data.length ? 'bytes after the end' : pixels
    if (code === clear) {
      strings = []
      previous = undefined
      width = colorBits + 1
      continue
    }
    const next = clear + 2 + strings.length
    const [first] = (code < clear ? colors[code] : strings[code - clear - 2]) ?? previous ?? []
    if (previous && first !== undefined && next < 4096) strings.push([...previous, first])
    const string = code < clear ? colors[code] : strings[code - clear - 2]
    if (!string) return 'a code before it exists'
    if (clear + 2 + strings.length === 1 << width && width < 12) width += 1
    pixels += string.length
    previous = string
  }
  return pixels
}

/** Random codes from the table, or the code that enters it next. */
function packed({ colorBits, codes, seed, clearsEvery, hasEnd, unknownAt, after }: Stream): Buffer {
  const clear = 1 << colorBits
  const bytes: number[] = []
  let window = 0
  let windowBits = 0
  let width = colorBits + 1
  const emit = (code: number) => {
    window |= code << windowBits
    windowBits += width
    for (; windowBits >= 8; windowBits -= 8) {
      bytes.push(window & 0xff)
      window >>>= 8
    }
  }
  let newest = clear + 1
  for (const [at, draw] of noise(codes, 2 ** 20, seed).entries()) {
    if ((draw + 1) % clearsEvery === 0) {
      emit(clear)
      newest = clear + 1
      width = colorBits + 1
      continue
    }
    const known = draw % Math.min(newest + 1, 4096)
    const code = known === clear || known === clear + 1 ? draw % clear : known
    emit(at >= unknownAt && newest + 1 < 1 << width ? newest + 1 : code)
    if (newest < 4096) newest += 1
    if (newest === 1 << width && width < 12) width += 1
  }
  if (hasEnd) emit(clear + 1)
  if (windowBits > 0) bytes.push(window & 0xff)
  return Buffer.from([...bytes, ...after])
}

/** As in the file, without the block of length 0 at the end. */
function blocksOf(data: Uint8Array, blockBytes: number): Buffer {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += blockBytes) {
    const block = data.subarray(at, at + blockBytes)
    blocks.push(Buffer.of(block.length), block)
  }
  return Buffer.concat(blocks)
}
