import {
  at,
  bits,
  decodeTableAt,
  endInterval,
  extended,
  longCode,
  peekBits,
  peekEntries,
  refill,
  setAhead,
  setReader,
  startInterval,
  symbol,
  take,
  window,
} from './bit-reader'
import { acrossOf, blockAt, downOf, ownAcrossOf, ownDownOf, unitAcrossOf, unitDownOf } from './components'
import * as failure from './errors'
import { first, high, last, low, progressive } from './range'

/** Where the last scan's data ended: at a marker. */
export let scanEnd: usize = 0

/** The last DC coefficient of each component, from which the next one differs. */
const predictions = memory.data(3 * 4, 4)
/** How many blocks more have nothing in this scan (T.81, G.1.2.2). */
let emptyBlocks: i32 = 0

/**
 * Reads a scan's entropy-coded data (T.81, annexes F.2 and G.2), from its first byte on, into the coefficients that
 * `setRange` named.
 *
 * @param scanned the components in it, a bit each; a single one is not interleaved (A.2.2)
 * @param tables eight bits a component: which DC table in the upper four of them, which AC table in the lower
 * @param interval units between restart markers, or 0
 * @returns 0, or what is wrong
 */
export function decodeScan(from: usize, end: usize, scanned: i32, tables: i32, interval: i32): i32 {
  setReader(from, end)
  restart()
  const single = popcnt(scanned) === 1
  const leader = ctz(scanned)
  const unitsAcross = single ? ownAcrossOf(leader) : acrossOf(leader) / unitAcrossOf(leader)
  const unitsDown = single ? ownDownOf(leader) : downOf(leader) / unitDownOf(leader)
  let left = interval
  let restarts = 0
  for (let y = 0; y < unitsDown; y++) {
    for (let x = 0; x < unitsAcross; x++) {
      if (interval !== 0) {
        if (left === 0) {
          const error = startInterval(restarts & 7)
          if (error) return error
          restart()
          restarts++
          left = interval
        }
        left--
      }
      for (let component = leader; component < 3; component++) {
        if (!((scanned >> component) & 1)) continue
        const dc = decodeTableAt(0, (tables >> (component * 8 + 4)) & 15)
        const ac = decodeTableAt(1, (tables >> (component * 8)) & 15)
        const across = single ? 1 : unitAcrossOf(component)
        const down = single ? 1 : unitDownOf(component)
        for (let row = 0; row < down; row++) {
          for (let column = 0; column < across; column++) {
            const block = blockAt(component, y * down + row, x * across + column)
            const error = decodeBlock(block, component, dc, ac)
            if (error) return error
          }
        }
      }
    }
  }
  const error = endInterval()
  scanEnd = at
  return error
}

function restart(): void {
  memory.fill(predictions, 0, 12)
  emptyBlocks = 0
}

function decodeBlock(block: usize, component: i32, dc: usize, ac: usize): i32 {
  if (!progressive) return sequential(block, component, dc, ac)
  if (first === 0) return high === 0 ? firstOfDc(block, component, dc) : nextOfDc(block)
  return high === 0 ? firstOfAc(block, ac) : nextOfAc(block, ac)
}

/** All of a block (T.81, F.2.2). The reader's state is held in locals, since this is where the time goes. */
function sequential(block: usize, component: i32, dc: usize, ac: usize): i32 {
  const error = firstOfDc(block, component, dc)
  if (error) return error
  let ahead = window
  let count = bits
  let next = at
  for (let k = 1; k < 64; k++) {
    if (count < 32) {
      const word = bswap(load<u32>(next))
      if (((~word - 0x01010101) & word & 0x80808080) === 0) {
        ahead = (ahead << 32) | word
        count += 32
        next += 4
      } else {
        setAhead(ahead, count, next)
        refill()
        ahead = window
        count = bits
        next = at
      }
    }
    let entry: i32 = load<u16>(ac + ((<usize>(ahead >> (count - peekBits)) & (peekEntries - 1)) << 1))
    if (entry === 0) {
      entry = longCode(ac, <i32>(ahead >> (count - 16)) & 0xffff)
      if (entry === 0) return failure.unknownCode
    }
    count -= entry >> 8
    const size = entry & 15
    const run = (entry >> 4) & 15
    if (size === 0) {
      if (run < 15) break
      k += 15
      continue
    }
    k += run
    if (k > 63) return failure.beyondBlock
    count -= size
    const raw = <i32>(ahead >> count) & ((1 << size) - 1)
    store<i16>(block + (k << 1), <i16>extended(raw, size))
  }
  setAhead(ahead, count, next)
  return failure.none
}

function firstOfDc(block: usize, component: i32, dc: usize): i32 {
  const size = symbol(dc)
  if (size < 0) return failure.unknownCode
  const prediction = predictions + (component << 2)
  const value = load<i32>(prediction) + extended(take(size), size)
  store<i32>(prediction, value)
  const coefficient = value << low
  if (coefficient < -1024 || coefficient > 1023) return failure.outOfRange
  store<i16>(block, <i16>coefficient)
  return failure.none
}

function nextOfDc(block: usize): i32 {
  const more = take(1) << low
  store<i16>(block, load<i16>(block) | <i16>more)
  return failure.none
}

/** T.81, G.1.2.2. */
function firstOfAc(block: usize, ac: usize): i32 {
  if (emptyBlocks > 0) {
    emptyBlocks--
    return failure.none
  }
  for (let k = first; k <= last; k++) {
    const code = symbol(ac)
    if (code < 0) return failure.unknownCode
    const run = code >> 4
    const size = code & 15
    if (size === 0) {
      if (run < 15) {
        emptyBlocks = (1 << run) - 1 + take(run)
        break
      }
      k += 15
      continue
    }
    k += run
    if (k > last) return failure.beyondBlock
    const value = extended(take(size), size) << low
    if (value < -1023 || value > 1023) return failure.outOfRange
    store<i16>(block + (k << 1), <i16>value)
  }
  return failure.none
}

/** T.81, G.1.2.3: a bit more of what isn't zero yet, and what now becomes so. */
function nextOfAc(block: usize, ac: usize): i32 {
  const one = 1 << low
  let k = first
  if (emptyBlocks === 0) {
    for (; k <= last; k++) {
      const code = symbol(ac)
      if (code < 0) return failure.unknownCode
      let run = code >> 4
      const size = code & 15
      let value = 0
      if (size !== 0) {
        if (size !== 1 || one > 1023) return failure.outOfRange
        value = take(1) ? one : -one
      } else if (run < 15) {
        emptyBlocks = (1 << run) + take(run)
        break
      }
      for (; k <= last; k++) {
        const coefficient = block + (k << 1)
        if (load<i16>(coefficient) !== 0) refine(coefficient, one)
        else if (--run < 0) break
      }
      if (value !== 0) {
        if (k > last) return failure.beyondBlock
        store<i16>(block + (k << 1), <i16>value)
      }
    }
  }
  if (emptyBlocks > 0) {
    for (; k <= last; k++) {
      const coefficient = block + (k << 1)
      if (load<i16>(coefficient) !== 0) refine(coefficient, one)
    }
    emptyBlocks--
  }
  return failure.none
}

function refine(coefficient: usize, one: i32): void {
  if (!take(1)) return
  const value = <i32>load<i16>(coefficient)
  if ((value & one) === 0) store<i16>(coefficient, <i16>(value >= 0 ? value + one : value - one))
}
