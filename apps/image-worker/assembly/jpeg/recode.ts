import { finish, out, put, setPending, setWriter, waiting, window, writeRestart } from './bit-writer'
import { acTableOf, dcTableOf } from './components'
import { decodeTableAt, entryOf } from './decode-table'
import * as reader from './interval-reader'
import { usesOf } from './run-uses'
import { blocksInMcu, componentOfMember, mcusAcross, mcusDown, startScan } from './scan'
import {
  coefficientsOf,
  endsBlock,
  lengthOf,
  runBits,
  runEntries,
  runTableAt,
  runTableBytes,
  runTableOf,
  wholeSymbol,
} from './symbol-runs'
import { codesAt, symbolTableBytes, tableOf } from './symbols'

/**
 * Tables like those of runs, whose entries also hold the new codes. Bits 0 to 31 are these codes with their extra bits,
 * bits 32 to 39 their number, bits 40 to 47 the run's length, and bits 48 to 54 the number of coefficients that it takes.
 * Bit 55 is set if the run ends the block. An entry that `followScan` did not use is 0.
 */
const tables = memory.data(6 * 4096 * 8, 8)
const tableBytes: usize = 4096 * 8
const maxNewBits: i32 = 32

/** For each block in an MCU: the address of its table; the tables of its DC and AC codes; the new codes. */
const sources = memory.data(10 * 4 * 4, 4)
const sourceBytes: usize = 16

/**
 * Writes the codes that `followScan` has just accepted as other codes for the same symbols: those that were set. The extra
 * bits are copied.
 *
 * @param copy as in `followScan`
 * @param target the address of the result
 * @returns the end of the result
 */
export function recodeScan(
  from: usize,
  end: usize,
  componentMask: i32,
  interval: i32,
  copy: usize,
  target: usize,
): usize {
  startScan(componentMask)
  for (let component = 0; component < 3; component++)
    if ((componentMask >> component) & 1 && runTableOf(component) === 2 * component) makeTables(component)
  setSources()
  setWriter(target)
  reader.startReading(from, end, interval, copy)
  let left = mcusAcross * mcusDown
  while (left > 0) {
    const mcus = reader.mcusInInterval(left)
    recodeMcus(mcus)
    left -= mcus
    if (left === 0) break
    writeRestart(reader.restarts & 7)
    reader.nextInterval()
  }
  return finish()
}

function makeTables(component: i32): void {
  const runs = runTableAt(2 * component)
  const dc = decodeTableAt(0, dcTableOf(component))
  const ac = decodeTableAt(1, acTableOf(component))
  const newCodes = codesAt + tableOf(component)
  for (let ahead = 0; ahead < runEntries(); ahead++) {
    const used = usesOf(runs) + ((<usize>ahead) << 2)
    const usedRest = usesOf(runs + runTableBytes) + ((<usize>ahead) << 2)
    const place = tableAt(2 * component) + ((<usize>ahead) << 3)
    store<u64>(place, load<u32>(used) > 0 ? recoded(ahead, dc, ac, newCodes) : 0)
    store<u64>(place + tableBytes, load<u32>(usedRest) > 0 ? recoded(ahead, 0, ac, newCodes) : 0)
  }
}

/** The entry for these bits. @param dc the DC table if the run starts with DC, else 0 */
function recoded(ahead: i32, dc: usize, ac: usize, newCodes: usize): u64 {
  let used = 0
  let taken = 0
  let isEnd = false
  let bits: u64 = 0
  let count = 0
  while (taken < 64 && !isEnd) {
    const isDc = dc !== 0 && used === 0
    const code = wholeSymbol(ahead, used, isDc ? dc : ac)
    if (code === 0) break
    const newCode = newCodeOf(newCodes, code, isDc)
    const extra = code & 15
    const added = (newCode >> 16) + extra
    if (count + added > maxNewBits) break
    used += lengthOf(code)
    bits = (bits << added) | withExtra(newCode, ahead >> (<i32>runBits - used), extra)
    count += added
    if (isDc) continue
    isEnd = endsBlock(code)
    if (!isEnd) taken += coefficientsOf(code)
  }
  return entryFor(bits, count, used) | ((<u64>taken) << 48) | ((<u64>isEnd) << 55)
}

function entryFor(bits: u64, count: i32, used: i32): u64 {
  return bits | ((<u64>count) << 32) | ((<u64>used) << 40)
}

/** The new code plus 65 536 times the number of its bits. */
function newCodeOf(newCodes: usize, code: i32, isDc: bool): i32 {
  return load<i32>(newCodes + (isDc ? 0 : 2 * symbolTableBytes) + ((<usize>(code & 0xff)) << 2))
}

/** The new code, and the lowest `extra` bits after it. */
function withExtra(newCode: i32, bits: i32, extra: i32): u64 {
  return ((<u64>(newCode & 0xffff)) << extra) | (bits & ((1 << extra) - 1))
}

function tableAt(number: i32): usize {
  return tables + <usize>number * tableBytes
}

function setSources(): void {
  for (let index = 0; index < blocksInMcu; index++) {
    const component = componentOfMember(index)
    const source = sources + <usize>index * sourceBytes
    store<u32>(source, <u32>tableAt(runTableOf(component)))
    store<u32>(source, <u32>decodeTableAt(0, dcTableOf(component)), 4)
    store<u32>(source, <u32>decodeTableAt(1, acTableOf(component)), 8)
    store<u32>(source, <u32>(codesAt + tableOf(component)), 12)
  }
}

/**
 * Writes the codes between two markers. Keeps the states of reader (as in `followMcus`) and writer in locals, because this
 * loop takes most of the time.
 */
function recodeMcus(mcus: i32): void {
  let ahead = reader.ahead
  let count = reader.count
  let next = reader.next
  let written = window
  let pending = waiting
  let to = out
  const shift = 64 - runBits
  const endOfMcu = sources + <usize>blocksInMcu * sourceBytes
  for (; mcus > 0; mcus--) {
    for (let source = sources; source < endOfMcu; source += sourceBytes) {
      let table = <usize>load<u32>(source)
      let isEnd = false
      for (let k = 0; k < 64 && !isEnd; ) {
        const isShort = <i64>(count < 32)
        ahead |= ((<u64>load<u32>(next)) << (32 - count)) & -isShort
        next += <usize>(isShort << 2)
        count += isShort << 5
        const isDc = k === 0
        let run = load<u64>(table + ((<usize>(ahead >> shift)) << 3))
        const reached = k + <i32>((run >> 48) & 0x7f) + <i32>isDc
        isEnd = run >> 55 !== 0
        if (run !== 0 && reached + <i32>isEnd <= 64) k = reached
        else {
          const code = entryOf(<usize>load<u32>(source + (isDc ? 4 : 8)), ahead, 64)
          const newCode = newCodeOf(<usize>load<u32>(source, 12), code, isDc)
          const extra = code & 15
          const bits = withExtra(newCode, <i32>(ahead >> (64 - lengthOf(code))), extra)
          run = entryFor(bits, (newCode >> 16) + extra, lengthOf(code))
          isEnd = !isDc && endsBlock(code)
          k += isDc ? 1 : coefficientsOf(code)
        }
        const used = (run >> 40) & 0xff
        ahead <<= used
        count -= used
        const length = (run >> 32) & 0xff
        written = (written << length) | (run & 0xffffffff)
        pending += length
        if (pending >= 32) {
          pending -= 32
          to = put(to, <u32>(written >> pending))
        }
        if (isDc) table += tableBytes
      }
    }
  }
  setPending(written, pending, to)
  reader.setAhead(ahead, count, next)
}
