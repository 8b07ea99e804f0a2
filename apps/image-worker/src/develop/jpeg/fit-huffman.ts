import { type BaselineFile, huffmanTables, layoutOf, withTables } from './baseline-file.ts'
import { decoderOf, encoderOf, fittedTable, type HuffmanTable } from './huffman-table.ts'

/**
 * Gives strips of one image, written with the same Huffman tables, tables made for them all: jpegtran -optimize, at
 * the level of symbols. No coefficient is looked at, so it takes as long as there are bytes: 5 ms for 250 KB, where
 * the encoder, which keeps all coefficients to go through them twice, takes 25 ms longer for 6 megapixels of these.
 */
export function fitHuffman(strips: readonly BaselineFile[]): BaselineFile[] {
  const [first] = strips as [BaselineFile]
  const tables = [...huffmanTables(first.segments)]
  const ids = tables.map(([id]) => id)
  const decoders = inOneArray(
    new Uint16Array(tables.length * 65_536),
    tables.map(([, table]) => decoderOf(table)),
  )
  const frequencies = new Uint32Array(tables.length * 256)
  const tokens = strips.map(strip => readTokens(strip, ids, decoders, frequencies))

  const fitted = new Map<number, HuffmanTable>()
  for (const [index, id] of ids.entries()) {
    const counted = frequencies.subarray(index * 256, (index + 1) * 256)
    if (counted.some(count => count > 0)) fitted.set(id, fittedTable(counted))
  }
  const encoders = ids.map(id => encoderOf(fitted.get(id) ?? unused))
  const codes = inOneArray(new Uint32Array(tables.length * 256), encoders)
  return strips.map(({ segments }, index) => ({
    segments: withTables(segments, fitted),
    scan: writeTokens(tokens[index] ?? new Uint32Array(), codes),
  }))
}

const unused: HuffmanTable = { lengths: new Uint8Array(16), symbols: new Uint8Array() }

function inOneArray<Numbers extends Uint16Array | Uint32Array>(whole: Numbers, parts: Numbers[]): Numbers {
  for (const [index, part] of parts.entries()) whole.set(part, index * part.length)
  return whole
}

/**
 * Reads a scan to its end (T.81, F.2.2) and counts its symbols. A token is a symbol and the bits behind it: which of
 * `ids` its table is (8 bits), the symbol (8 bits), the bits (16 bits).
 */
function readTokens(
  { segments, scan }: BaselineFile,
  ids: readonly number[],
  decoders: Uint16Array,
  frequencies: Uint32Array,
): Uint32Array {
  const { dc, ac, unitsAcross, unitsDown } = layoutOf(segments)
  const dcTables = Uint8Array.from(dc, number => ids.indexOf(number))
  const acTables = Uint8Array.from(ac, number => ids.indexOf(16 + number))
  // No code of the usual tables is shorter than two bits. Pages that aren't reached take no memory.
  const tokens = new Uint32Array(scan.length * 4)
  let count = 0
  let at = 0
  let window = 0
  let bits = 0
  for (let unit = unitsAcross * unitsDown; unit > 0; unit--) {
    for (let block = 0; block < dcTables.length; block++) {
      let table = dcTables[block] as number
      for (let coefficient = 0; coefficient < 64; ) {
        // At most 16 bits of code, and 11 behind them.
        while (bits <= 16) {
          const byte = at < scan.length ? (scan[at] as number) : 0xff
          window = (window << 8) | byte
          at += byte === 0xff ? 2 : 1 // behind it stands a zero that is no data (T.81, B.1.1.5)
          bits += 8
        }
        const found = decoders[(table << 16) | ((window >>> (bits - 16)) & 0xffff)] as number
        if (found === 0) throw new TypeError('the encoder wrote a code that its tables have not')
        bits -= found >> 8
        const symbol = (table << 8) | (found & 0xff)
        const extra = symbol & 15
        while (bits < extra) {
          const byte = at < scan.length ? (scan[at] as number) : 0xff
          window = (window << 8) | byte
          at += byte === 0xff ? 2 : 1
          bits += 8
        }
        bits -= extra
        frequencies[symbol] = (frequencies[symbol] as number) + 1
        tokens[count++] = (symbol << 16) | ((window >>> bits) & ((1 << extra) - 1))
        if (coefficient === 0) {
          table = acTables[block] as number
          coefficient = 1
        } else if ((symbol & 0xff) === 0) break
        else coefficient += ((symbol >> 4) & 15) + 1 // of 0xf0, sixteen zeros
      }
    }
  }
  return tokens.subarray(0, count)
}

/** The scan of these tokens; `codes` are those of all tables, one after the other. */
function writeTokens(tokens: Uint32Array, codes: Uint32Array): Uint8Array {
  let written: Uint8Array<ArrayBuffer> = new Uint8Array(tokens.length + 64)
  let at = 0
  let window = 0
  let bits = 0
  for (let index = 0; index < tokens.length; index++) {
    // At most 27 bits, and each byte of them may want a zero behind it.
    if (at + 16 > written.length) written = enlarged(written)
    const token = tokens[index] as number
    const code = codes[token >>> 16] as number
    const extra = (token >>> 16) & 15
    window = (window << (code >>> 16)) | (code & 0xffff)
    bits += code >>> 16
    while (bits >= 8) {
      bits -= 8
      const byte = (window >>> bits) & 0xff
      written[at++] = byte
      if (byte === 0xff) written[at++] = 0
    }
    window = (window << extra) | (token & 0xffff)
    bits += extra
    while (bits >= 8) {
      bits -= 8
      const byte = (window >>> bits) & 0xff
      written[at++] = byte
      if (byte === 0xff) written[at++] = 0
    }
  }
  if (bits > 0) {
    // Filled up with ones (T.81, F.1.2.3).
    const byte = ((window << (8 - bits)) | ((1 << (8 - bits)) - 1)) & 0xff
    written[at++] = byte
    if (byte === 0xff) written[at++] = 0
  }
  return written.subarray(0, at)
}

function enlarged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length + 64)
  larger.set(bytes)
  return larger
}
