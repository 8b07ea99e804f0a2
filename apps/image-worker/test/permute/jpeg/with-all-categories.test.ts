import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { encodeSegment } from '../../../src/develop/jpeg/segments.ts'
import { cutJpeg } from '../../../src/permute/jpeg/cut-jpeg.ts'
import { codesOf, type HuffmanTable, optimalTable } from '../../../src/permute/jpeg/huffman-table.ts'
import { withAllCategories } from '../../../src/permute/jpeg/with-all-categories.ts'

const categories = Array.from({ length: 12 }, (_, category) => category)

const tables = fc.uniqueArray(fc.tuple(fc.nat(11), fc.nat(14)), {
  minLength: 1,
  selector: ([symbol]) => symbol,
})

test('every category gets a code, and codes that there are stay', () => {
  fc.assert(
    fc.property(tables, pairs => {
      const frequencies = new Uint32Array(256)
      for (const [symbol, power] of pairs) frequencies[symbol] = 2 ** power
      const table = optimalTable(frequencies)
      const extended = withAllCategories(table) ?? assert.fail('no code is left')
      const [before, after] = [codesOf(table), codesOf(extended)]
      for (const [symbol] of pairs) assert.equal(after[symbol], before[symbol])
      const codes = categories.map(category => {
        const entry = after[category] ?? 0
        return (entry & 0xffff).toString(2).padStart(entry >>> 16, '0')
      })
      for (const code of codes) {
        assert.ok(code.length <= 16 && code.includes('0'), code)
        assert.equal(codes.filter(other => other.startsWith(code)).length, 1, code)
      }
    }),
  )
})

// Each block of eight pixels is lighter by 8 than the block before: a difference of 4 after division by 16.
const difference = 4
const category = 3
const blocks = 12

/** The second table has a code of each length but no other category, so that no code is left for another. */
const short: HuffmanTable = { counts: countsOf([1, 1]), symbols: Uint8Array.of(0, category) }
const full: HuffmanTable = {
  counts: countsOf([...new Array<number>(15).fill(1), 1]),
  symbols: Uint8Array.of(0, category, ...new Array<number>(14).fill(0)),
}

for (const [name, table] of Object.entries({ short, full }))
  test(`a part needs a category for which the ${name} table of its file has no code`, async () => {
    const jpeg = staircase(table)
    const rectangle = { left: 72, top: 0, width: 16, height: 8 }
    const { jpeg: part, window } = cutJpeg(jpeg, rectangle)
    const cut = { ...rectangle, left: rectangle.left - window.left }
    const read = (file: Uint8Array, area: typeof cut) =>
      sharp(file, { failOn: 'warning' }).extract(area).raw().toBuffer()
    assert.deepEqual(await read(part, cut), await read(jpeg, rectangle))
  })

function countsOf(counts: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => counts[index] ?? 0)
}

/** A grey JPEG of one row of flat blocks. */
function staircase(dc: HuffmanTable): Buffer {
  const entry = codesOf(dc)[category] ?? 0
  const code = (entry & 0xffff).toString(2).padStart(entry >>> 16, '0')
  const block = `${code}${difference.toString(2).padStart(category, '0')}0` // and the code of EOB
  const bits = block.repeat(blocks)
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  const bytes = padded.match(/.{8}/g)?.map(byte => Number.parseInt(byte, 2)) ?? []
  assert.ok(!bytes.includes(0xff), 'a byte of ones would need a zero after it')
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    encodeSegment(0xdb, Uint8Array.of(0, ...new Array<number>(64).fill(16))),
    encodeSegment(0xc0, Uint8Array.of(8, 0, 8, 0, 8 * blocks, 1, 1, 0x11, 0)),
    encodeSegment(0xc4, Uint8Array.of(0x00), dc.counts, dc.symbols),
    encodeSegment(0xc4, Uint8Array.of(0x10), countsOf([1]), Uint8Array.of(0)),
    encodeSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    Buffer.from(bytes),
    Buffer.of(0xff, 0xd9),
  ])
}
