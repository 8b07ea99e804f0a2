import { writeBits } from './bit-writer'
import { bitsOf, codesAt, count, countsAt, nonzero, sizeOf, tableBytes, tableOf } from './symbols'

/** Whether symbols are counted instead of written; bits that stand for themselves are counted here. */
let isCounting: bool = false
export let plainBits: u32 = 0

/** Blocks so far that have nothing more, not yet told (T.81, G.1.2.2), and in which table they are. */
let emptyBlocks: i32 = 0
let emptyTable: usize = 0
/** Bits of coefficients that were there before, a byte each, which follow the next symbol (G.1.2.3). */
const pending: usize = memory.data(1024)
const mostPending: i32 = 1000 - 63
let pendingOfRun: i32 = 0

export function startProgressive(counts: bool): void {
  isCounting = counts
  emptyBlocks = 0
  pendingOfRun = 0
  plainBits = 0
}

/** T.81, G.1.2.1: the upper bits of DC coefficients as differences, each lower bit by itself. */
export function dcDifference(component: i32, difference: i32): void {
  const size = sizeOf(difference)
  emit(tableOf(component), size)
  emitBits(bitsOf(difference, size), size)
}

export function dcBit(block: usize, low: i32): void {
  emitBits((<u32>load<i16>(block) >> low) & 1, 1)
}

/** T.81, G.1.2.2. */
export function firstOfAc(block: usize, component: i32, first: i32, last: i32, low: i32): void {
  const table = tableOf(component) + 2 * tableBytes
  let previous = first - 1
  for (let mask = within(nonzero(block), first, last); mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    const coefficient: i32 = load<i16>(block + (k << 1))
    const magnitude = abs(coefficient) >> low
    if (magnitude === 0) continue
    endEmptyBlocks()
    let run = k - previous - 1
    for (; run > 15; run -= 16) emit(table, 0xf0)
    const size = sizeOf(magnitude)
    emit(table, (run << 4) | size)
    emitBits(bitsOf(coefficient < 0 ? -magnitude : magnitude, size), size)
    previous = k
  }
  if (previous < last) countEmptyBlock(table)
}

/** T.81, G.1.2.3, as libjpeg's jcphuff.c does it. */
export function nextOfAc(block: usize, component: i32, first: i32, last: i32, low: i32): void {
  const table = tableOf(component) + 2 * tableBytes
  const present = within(nonzero(block), first, last)
  const lastNew = lastOfMagnitudeOne(block, present, low)
  let run = 0
  let previous = first - 1
  let from = pendingOfRun
  let to = from
  for (let mask = present; mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    run += k - previous - 1
    previous = k
    const coefficient: i32 = load<i16>(block + (k << 1))
    const magnitude = abs(coefficient) >> low
    if (magnitude === 0) {
      run++
      continue
    }
    while (run > 15 && k <= lastNew) {
      endEmptyBlocks()
      emit(table, 0xf0)
      run -= 16
      emitPending(from, to)
      from = to = 0
    }
    if (magnitude > 1) {
      store<u8>(pending + to++, magnitude & 1)
      continue
    }
    endEmptyBlocks()
    emit(table, (run << 4) | 1)
    emitBits(coefficient < 0 ? 0 : 1, 1)
    emitPending(from, to)
    from = to = 0
    run = 0
  }
  run += last - previous
  if (run === 0 && to === from) return
  pendingOfRun = to
  countEmptyBlock(table)
  if (pendingOfRun > mostPending) endEmptyBlocks()
}

/** Tells of the blocks that have nothing more, if there are some. */
export function endEmptyBlocks(): void {
  if (emptyBlocks === 0) return
  const size = 31 - clz(emptyBlocks)
  emit(emptyTable, size << 4)
  emitBits(emptyBlocks & ((1 << size) - 1), size)
  emptyBlocks = 0
  emitPending(0, pendingOfRun)
  pendingOfRun = 0
}

function countEmptyBlock(table: usize): void {
  emptyTable = table
  emptyBlocks++
  if (emptyBlocks === 0x7fff) endEmptyBlocks()
}

function within(mask: u64, first: i32, last: i32): u64 {
  return ((mask >> first) << first) & (<u64>-1 >> (63 - last))
}

function lastOfMagnitudeOne(block: usize, present: u64, low: i32): i32 {
  for (let mask = present; mask !== 0; ) {
    const k = 63 - <i32>clz(mask)
    if (abs(<i32>load<i16>(block + (k << 1))) >> low === 1) return k
    mask ^= (<u64>1) << k
  }
  return 0
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
  if (isCounting) plainBits += size
  else writeBits(value, size)
}

function emitPending(from: i32, to: i32): void {
  for (let at = from; at < to; at++) emitBits(load<u8>(pending + at), 1)
}
