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
  const data = unstuffed(scan)
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
        if (bits < 16) {
          window = (window << 16) | ((data[at] as number) << 8) | (data[at + 1] as number)
          at += 2
          bits += 16
        }
        const found = decoders[(table << 16) | ((window >>> (bits - 16)) & 0xffff)] as number
        if (found === 0) throw new TypeError('the encoder wrote a code that its tables have not')
        bits -= found >> 8
        const symbol = (table << 8) | (found & 0xff)
        const extra = symbol & 15
        if (bits < extra) {
          window = (window << 16) | ((data[at] as number) << 8) | (data[at + 1] as number)
          at += 2
          bits += 16
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

/** The data without the zero behind each byte of ones (T.81, B.1.1.5), and with ones behind its end. */
function unstuffed(scan: Uint8Array): Uint8Array {
  const data = new Uint8Array(scan.length + 4).fill(0xff, scan.length)
  let length = 0
  for (let at = 0; at < scan.length; ) {
    const ones = scan.indexOf(0xff, at)
    const part = scan.subarray(at, ones === -1 ? scan.length : ones + 1)
    data.set(part, length)
    length += part.length
    at += part.length + 1
  }
  return data.fill(0xff, length)
}

/** The scan of these tokens; `codes` are those of all tables, one after the other. */
function writeTokens(tokens: Uint32Array, codes: Uint32Array): Uint8Array {
  let written: Uint8Array<ArrayBuffer> = new Uint8Array(tokens.length + 64)
  let at = 0
  let window = 0
  let bits = 0
  for (let index = 0; index < tokens.length; index++) {
    // At most two times two bytes, and each may want a zero behind it.
    if (at + 16 > written.length) written = enlarged(written)
    const token = tokens[index] as number
    const code = codes[token >>> 16] as number
    const extra = (token >>> 16) & 15
    window = (window << (code >>> 16)) | (code & 0xffff)
    bits += code >>> 16
    if (bits >= 16) {
      bits -= 16
      at = stuff(written, at, window >>> bits)
    }
    window = (window << extra) | (token & 0xffff)
    bits += extra
    if (bits >= 16) {
      bits -= 16
      at = stuff(written, at, window >>> bits)
    }
  }
  // Filled up with ones (T.81, F.1.2.3), which may make up a whole byte too much.
  const end = stuff(written, at, (window << (16 - bits)) | ((1 << (16 - bits)) - 1))
  if (bits > 8) return written.subarray(0, end)
  if (bits === 0) return written.subarray(0, at)
  return written.subarray(0, written[at] === 0xff ? at + 2 : at + 1)
}

/** Writes the lower two bytes of a word, a zero behind each that is ones (T.81, B.1.1.5); gives where they end. */
function stuff(written: Uint8Array, from: number, word: number): number {
  let at = from
  const high = (word >>> 8) & 0xff
  const low = word & 0xff
  written[at++] = high
  if (high === 0xff) written[at++] = 0
  written[at++] = low
  if (low === 0xff) written[at++] = 0
  return at
}

function enlarged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length + 64)
  larger.set(bytes)
  return larger
}
