import { putBits } from './bits'
import { assignCodes, assignLengths } from './codes'

/**
 * Code lengths up to 15, then the repetitions: the previous length 3 to 6 times, zero 3 to 10 times, zero 11 to 138
 * times.
 */
const symbols: usize = 19
const repeated: u32 = 16
const fewNone: u32 = 17
const manyNone: u32 = 18
const longestCode = 7

/** The symbols from likely to rare (RFC 1951, 3.2.7). */
const order: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])

const frequencies: usize = memory.data(19 * 4, 4)
const codeLengths: usize = memory.data(19)
const codes: usize = memory.data(19 * 4, 4)

/** The symbols to write, with the number of repetitions in the upper byte. */
const list: usize = memory.data(320 * 2, 2)

/**
 * Writes the start of a block with dynamic codes (RFC 1951, 3.2.7): the code lengths of both alphabets, which are one
 * after the other at `lengths`. Omits no trailing zeros.
 */
export function putCodeLengths(lengths: usize, literals: u32, distances: u32): void {
  memory.fill(frequencies, 0, symbols * 4)
  const listEnd = listSymbols(lengths, lengths + literals + distances)
  assignLengths(frequencies, symbols, longestCode, codeLengths)
  assignCodes(codeLengths, symbols, codes)
  putBits((literals - 257) | ((distances - 1) << 5) | ((<u32>(symbols - 4)) << 10), 14)
  for (let at: usize = 0; at < symbols; at++) putBits(load<u8>(codeLengths + load<u8>(order + at)), 3)
  for (let at = list; at < listEnd; at += 2) {
    const symbol = <u32>load<u8>(at)
    const code = load<u32>(codes + symbol * 4)
    putBits(code & 0xffffff, code >> 24)
    if (symbol >= repeated) putBits(load<u8>(at, 1), symbol === repeated ? 2 : symbol === fewNone ? 3 : 7)
  }
}

function listSymbols(lengths: usize, end: usize): usize {
  let to = list
  for (let at = lengths; at < end; ) {
    const length = load<u8>(at)
    let next = at + 1
    while (next < end && load<u8>(next) === length) next++
    if (length !== 0) {
      to = listed(to, length, 0)
      at++
    }
    while (next - at >= 3) {
      const most: usize = length !== 0 ? 6 : 138
      const times = min(next - at, most)
      if (length !== 0) to = listed(to, repeated, times - 3)
      else if (times <= 10) to = listed(to, fewNone, times - 3)
      else to = listed(to, manyNone, times - 11)
      at += times
    }
    for (; at < next; at++) to = listed(to, length, 0)
  }
  return to
}

function listed(to: usize, symbol: u32, by: usize): usize {
  store<u8>(to, symbol)
  store<u8>(to, by, 1)
  const frequency = frequencies + symbol * 4
  store<u32>(frequency, load<u32>(frequency) + 1)
  return to + 2
}
