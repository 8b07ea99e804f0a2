import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codesOf, optimalTable } from '../../../src/permute/jpeg/huffman-table.ts'

/** Few or many symbols of any frequencies, also so different that codes would have more than 16 bits. */
const frequencies = fc
  .array(fc.tuple(fc.nat(255), fc.nat(24)), { minLength: 1, maxLength: 256 })
  .map(pairs => {
    const counts = new Uint32Array(256)
    for (const [symbol, power] of pairs) counts[symbol] = 2 ** power
    return counts
  })

test('every symbol has a prefix-free code of at most 16 bits, which are not all ones', () => {
  fc.assert(
    fc.property(frequencies, counts => {
      const table = optimalTable(counts)
      assert.equal(table.counts.length, 16)
      const taken = [...codesOf(table).entries()].flatMap(([symbol, entry]) => {
        const [code, bits] = [entry & 0xffff, entry >>> 16]
        assert.equal(bits > 0, (counts[symbol] ?? 0) > 0)
        // All values of sixteen bits that begin with the code.
        return bits === 0 ? [] : [{ from: code << (16 - bits), to: (code + 1) << (16 - bits) }]
      })
      let free = 0
      for (const { from, to } of taken.sort((one, other) => one.from - other.from)) {
        assert.ok(from >= free)
        free = to
      }
      assert.ok(free <= 0xffff)
    }),
  )
})

test('a more frequent symbol has no longer code, and the total is near the entropy', () => {
  fc.assert(
    fc.property(frequencies, counts => {
      const encoder = codesOf(optimalTable(counts))
      const symbols = [...counts.keys()].filter(symbol => (counts[symbol] ?? 0) > 0)
      const total = symbols.reduce((sum, symbol) => sum + (counts[symbol] ?? 0), 0)
      let [bits, entropy] = [0, 0]
      for (const symbol of symbols) {
        const count = counts[symbol] ?? 0
        bits += count * ((encoder[symbol] ?? 0) >>> 16)
        entropy -= count * Math.log2(count / total)
        for (const other of symbols) {
          if (count > (counts[other] ?? 0))
            assert.ok((encoder[symbol] ?? 0) >>> 16 <= (encoder[other] ?? 0) >>> 16)
        }
      }
      // At most one more bit per symbol, and the cost of reserving the code of all ones.
      assert.ok(bits <= entropy + 1.1 * total, `${bits} bits for ${entropy}`)
    }),
  )
})
