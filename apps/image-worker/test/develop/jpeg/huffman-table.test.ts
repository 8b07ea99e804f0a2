import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decoderOf, encoderOf, fittedTable } from '../../../src/develop/jpeg/huffman-table.ts'

/** Few symbols or many, of any frequencies, up to ones so far apart that codes would have more than 16 bits. */
const frequencies = fc
  .array(fc.tuple(fc.nat(255), fc.nat(24)), { minLength: 1, maxLength: 256 })
  .map(pairs => {
    const counts = new Uint32Array(256)
    for (const [symbol, power] of pairs) counts[symbol] = 2 ** power
    return counts
  })

test('every symbol that occurs has a code that reads as it, none of more than 16 bits or of ones alone', () => {
  fc.assert(
    fc.property(frequencies, counts => {
      const table = fittedTable(counts)
      const [encoder, decoder] = [encoderOf(table), decoderOf(table)]
      assert.equal(table.lengths.length, 16)
      for (const [symbol, count] of counts.entries()) {
        const [code, bits] = [(encoder[symbol] ?? 0) & 0xffff, (encoder[symbol] ?? 0) >>> 16]
        assert.equal(bits > 0, count > 0)
        if (bits === 0) continue
        assert.notEqual(code, 2 ** bits - 1)
        // Whatever stands behind it.
        assert.equal(decoder[code << (16 - bits)], bits * 256 + symbol)
        assert.equal(decoder[((code + 1) << (16 - bits)) - 1], bits * 256 + symbol)
      }
      assert.equal(decoder[0xffff], 0)
    }),
  )
})

test('what occurs more often has no longer code, and the codes of all come near their entropy', () => {
  fc.assert(
    fc.property(frequencies, counts => {
      const encoder = encoderOf(fittedTable(counts))
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
      // At most a bit a symbol more, and what keeping the code of ones free costs.
      assert.ok(bits <= entropy + 1.1 * total, `${bits} bits for ${entropy}`)
    }),
  )
})
