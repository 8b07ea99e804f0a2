import { writeBits } from './bit-writer'
import { lowBit, spectralEnd, spectralStart } from './scan'
import {
  bitsOf,
  categoryOf,
  codesAt,
  count,
  countsAt,
  significant,
  symbolTableBytes,
  tableOf,
} from './symbols'

/** Whether symbols are counted instead of written. */
let isCounting: bool = false
/** When counting: the number of bits besides the codes (T.81, F.1.2.1 and G.1.2.3). */
export let additionalBits: u32 = 0

/**
 * The number of blocks that ended and are not written yet: EOBRUN (T.81, G.1.2.2); and the table to write them with.
 */
let bandRun: i32 = 0
let bandTable: usize = 0
/** Correction bits of coefficients that were nonzero before, a byte each. They follow the next symbol (G.1.2.3). */
const corrections: usize = memory.data(1024)
const mostCorrections: i32 = 1000 - 63
let correctionsOfBand: i32 = 0

export function startProgressive(counts: bool): void {
  isCounting = counts
  bandRun = 0
  correctionsOfBand = 0
  additionalBits = 0
}

/** T.81, G.1.2.1: the upper bits of DC coefficients as differences, each lower bit as it is. */
export function dcFirst(component: i32, difference: i32): void {
  const category = categoryOf(difference)
  emit(tableOf(component), category)
  emitBits(bitsOf(difference, category), category)
}

export function dcRefine(block: usize): void {
  emitBits((<u32>load<i16>(block) >> lowBit) & 1, 1)
}

/** T.81, G.1.2.2. */
export function acFirst(block: usize, component: i32): void {
  const table = tableOf(component) + 2 * symbolTableBytes
  let previous = spectralStart - 1
  const present = within(significant(block, lowBit), spectralStart, spectralEnd)
  for (let mask = present; mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    const coefficient: i32 = load<i16>(block + (k << 1))
    const magnitude = abs(coefficient) >> lowBit
    endBand()
    let run = k - previous - 1
    for (; run > 15; run -= 16) emit(table, 0xf0)
    const category = categoryOf(magnitude)
    emit(table, (run << 4) | category)
    emitBits(bitsOf(coefficient < 0 ? -magnitude : magnitude, category), category)
    previous = k
  }
  if (previous < spectralEnd) extendBand(table)
}

/** T.81, G.1.2.3, as in libjpeg's jcphuff.c. */
export function acRefine(block: usize, component: i32): void {
  const table = tableOf(component) + 2 * symbolTableBytes
  const present = within(significant(block, lowBit), spectralStart, spectralEnd)
  const added = present & ~significant(block, lowBit + 1)
  const lastNew = 63 - <i32>clz(added)
  let run = 0
  let previous = spectralStart - 1
  let from = correctionsOfBand
  let to = from
  for (let mask = present; mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    run += k - previous - 1
    previous = k
    const coefficient: i32 = load<i16>(block + (k << 1))
    const magnitude = abs(coefficient) >> lowBit
    while (run > 15 && k <= lastNew) {
      endBand()
      emit(table, 0xf0)
      run -= 16
      emitCorrections(from, to)
      from = to = 0
    }
    if (magnitude > 1) {
      store<u8>(corrections + to++, magnitude & 1)
      continue
    }
    endBand()
    emit(table, (run << 4) | 1)
    emitBits(coefficient < 0 ? 0 : 1, 1)
    emitCorrections(from, to)
    from = to = 0
    run = 0
  }
  run += spectralEnd - previous
  if (run === 0 && to === from) return
  correctionsOfBand = to
  extendBand(table)
  if (correctionsOfBand > mostCorrections) endBand()
}

/** Writes the number of blocks that ended, if there are any. */
export function endBand(): void {
  if (bandRun === 0) return
  const size = 31 - clz(bandRun)
  emit(bandTable, size << 4)
  emitBits(bandRun & ((1 << size) - 1), size)
  bandRun = 0
  emitCorrections(0, correctionsOfBand)
  correctionsOfBand = 0
}

function extendBand(table: usize): void {
  bandTable = table
  bandRun++
  if (bandRun === 0x7fff) endBand()
}

function within(mask: u64, first: i32, last: i32): u64 {
  return ((mask >> first) << first) & (<u64>-1 >> (63 - last))
}

function emit(table: usize, symbol: i32): void {
  if (isCounting) {
    count(countsAt + table, symbol)
    return
  }
  const code = load<u32>(codesAt + table + ((<usize>symbol) << 2))
  writeBits(code & 0xffff, code >> 16)
}

function emitBits(value: u32, size: i32): void {
  if (isCounting) additionalBits += size
  else writeBits(value, size)
}

function emitCorrections(from: i32, to: i32): void {
  for (let at = from; at < to; at++) emitBits(load<u8>(corrections + at), 1)
}
