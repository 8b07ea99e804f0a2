import { continueFrom, output, pending, pendingBits, putBits, start, written } from './deflate/bits'
import { assignCodes, assignLengths } from './deflate/codes'
import { putCodeLengths } from './deflate/header'
import {
  capacity,
  countBytes,
  data,
  findRuns,
  frequencies,
  runs,
  runsOfLength,
  shortest,
} from './deflate/runs'

export { adler32 } from './deflate/adler32'
export { subtractLeft } from './deflate/subtract'
export { capacity, data, output }

/** The symbols of literals, of the end of a block, and of the lengths of matches (RFC 1951, 3.2.5). */
const endOfBlock: usize = 256
const firstLength: usize = 257
const symbols: usize = 286

/** For each length symbol: the shortest length, and the number of bits that follow and are added to it. */
const lengthSymbols: usize = symbols - firstLength
const leastLengths: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258, 259,
])
const extraBits: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
])

/**
 * RFC 1951 allows 15. With 14, four codes and the rest of a byte fit into 64 bits, which is faster, and the output is hardly
 * larger.
 */
const longestCode = 14

const codeLengths: usize = memory.data(286 + 1)
/** For each symbol, and for each match by its length minus the shortest: its bits, and from bit 24 on their number. */
const codes: usize = memory.data(286 * 4, 4)
const matchCodes: usize = memory.data(256 * 4, 4)

/**
 * Compresses the first `length` bytes of the data (at least one) into a deflate block (RFC 1951) with its own codes.
 * Returns the length of the output. Besides literals there are only runs: matches at distance 1. An empty stored block
 * follows, as in zlib's sync flush, so that the next block starts at a whole byte.
 */
export function deflate(length: usize): usize {
  const end = data + length
  countBytes(end)
  const runsEnd = findRuns(end)
  countLengths()
  store<u32>(frequencies, 1, endOfBlock * 4)
  assignLengths(frequencies, symbols, longestCode, codeLengths)
  assignCodes(codeLengths, symbols, codes)
  assignMatchCodes()
  // The only distance code, which still takes one bit.
  store<u8>(codeLengths + symbols, 1)

  start()
  const dynamicCodes = 2
  putBits(dynamicCodes << 1, 3)
  putCodeLengths(codeLengths, <u32>symbols, 1)
  putSymbols(end, runsEnd)
  const endCode = load<u32>(codes, endOfBlock * 4)
  putBits(bitsOf(endCode), endCode >> 24)
  putEmptyBlock()
  return written() - output
}

function countLengths(): void {
  for (let symbol: usize = 0; symbol < lengthSymbols; symbol++) {
    const end = <usize>load<u16>(leastLengths + symbol * 2, 2)
    let sum: u32 = 0
    for (let length = <usize>load<u16>(leastLengths + symbol * 2); length < end; length++) {
      sum += load<u32>(runsOfLength + (length - shortest) * 4)
    }
    store<u32>(frequencies + (firstLength + symbol) * 4, sum)
  }
}

function assignMatchCodes(): void {
  const distanceBits: u32 = 1
  for (let symbol: usize = 0; symbol < lengthSymbols; symbol++) {
    const code = load<u32>(codes + (firstLength + symbol) * 4)
    const codeBits = code >> 24
    const bits = codeBits + load<u8>(extraBits + symbol) + distanceBits
    const least = <usize>load<u16>(leastLengths + symbol * 2)
    const end = <usize>load<u16>(leastLengths + symbol * 2, 2)
    for (let length = least; length < end; length++) {
      const extra = <u32>(length - least)
      store<u32>(matchCodes + (length - shortest) * 4, (code & 0xffffff) | (extra << codeBits) | (bits << 24))
    }
  }
}

/** The inner loop: up to four literals at a time, then a run. */
function putSymbols(end: usize, runsEnd: usize): void {
  let bits = pending
  let count = pendingBits
  let to = written()
  let at = data
  for (let run = runs; run <= runsEnd; run += 4) {
    const isRun = run < runsEnd
    const next = load<u32>(run)
    const literalsEnd = isRun ? data + <usize>(next & 0xffffff) : end
    for (; at + 4 <= literalsEnd; at += 4) {
      const first = codeOf(at)
      const second = codeOf(at + 1)
      const third = codeOf(at + 2)
      const fourth = codeOf(at + 3)
      const pairBits = (first >> 24) + (second >> 24)
      const pair = bitsOf(first) | (bitsOf(second) << (first >> 24))
      const otherPair = bitsOf(third) | (bitsOf(fourth) << (third >> 24))
      bits |= (pair | (otherPair << pairBits)) << count
      count += pairBits + (third >> 24) + (fourth >> 24)
      store<u64>(to, bits)
      to += count >> 3
      bits >>= count & 0x38
      count &= 7
    }
    for (; at < literalsEnd; at++) {
      const code = codeOf(at)
      bits |= bitsOf(code) << count
      count += code >> 24
    }
    store<u64>(to, bits)
    to += count >> 3
    bits >>= count & 0x38
    count &= 7
    if (!isRun) break
    const length = <usize>(next >> 24)
    const code = load<u32>(matchCodes + length * 4)
    bits |= bitsOf(code) << count
    count += code >> 24
    store<u64>(to, bits)
    to += count >> 3
    bits >>= count & 0x38
    count &= 7
    at += length + shortest
  }
  continueFrom(to, bits, count)
}

function codeOf(at: usize): u32 {
  const literal = <usize>load<u8>(at)
  return load<u32>(codes + literal * 4)
}

function bitsOf(code: u32): u64 {
  return code & 0xffffff
}

/** A stored block (3.2.4) without bytes. */
function putEmptyBlock(): void {
  putBits(0, 3)
  putBits(0, -pendingBits & 7)
  putBits(0xffff0000, 32)
}
