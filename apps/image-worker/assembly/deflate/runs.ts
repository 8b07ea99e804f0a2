/**
 * A block has its own codes, which take about 80 bytes; larger blocks gain nothing. A part of a pixel may come before it.
 */
export const capacity: i32 = 128 * 1024 + 8
/** The vectors read up to 48 bytes more. */
export const data: usize = memory.data(128 * 1024 + 8 + 48, 16)

/** The lengths of matches in deflate. */
export const shortest: usize = 3
const longest: usize = 258

/** The frequency of each symbol: literals, the end of the block, lengths. */
export const frequencies: usize = memory.data(286 * 4, 16)
/** The frequency of each length, from the shortest on. */
export const runsOfLength: usize = memory.data(256 * 4, 16)

/** The runs in order: the start of each in the data, and from bit 24 on its length minus the shortest. */
export const runs: usize = memory.data(128 * 1024 + 8, 16)

/** Bytes are counted in four tables, so that counting a repeated byte need not wait until its count is stored. */
const counts: usize = memory.data(4 * 256 * 4, 16)

/** For each byte, the length from which a run takes fewer bits than its literals. */
const leastRuns: usize = memory.data(256)

/** About the bits of a run: the code of its length, and its distance. */
const runBits: f32 = 9

/** Counts the literals between the data's start and `end`. */
export function countBytes(end: usize): void {
  memory.fill(counts, 0, 4 * 256 * 4)
  let at = data
  for (; at + 8 <= end; at += 8) {
    const bytes = load<u64>(at)
    count(0, <usize>bytes & 0xff)
    count(1, (<usize>bytes >> 8) & 0xff)
    count(2, (<usize>bytes >> 16) & 0xff)
    count(3, <usize>bytes >> 24)
    count(0, <usize>(bytes >> 32) & 0xff)
    count(1, <usize>(bytes >> 40) & 0xff)
    count(2, <usize>(bytes >> 48) & 0xff)
    count(3, <usize>(bytes >> 56))
  }
  for (; at < end; at++) count(0, load<u8>(at))
  for (let byte: usize = 0; byte < 1024; byte += 16) {
    const one = i32x4.add(v128.load(counts + byte), v128.load(counts + byte, 1024))
    const other = i32x4.add(v128.load(counts + byte, 2048), v128.load(counts + byte, 3072))
    v128.store(frequencies + byte, i32x4.add(one, other))
  }
}

function count(table: usize, byte: usize): void {
  const at = counts + table * 1024 + byte * 4
  store<u32>(at, load<u32>(at) + 1)
}

/**
 * Finds the runs that save bits, subtracts their bytes from the frequencies of literals, and counts their lengths.
 * Returns the end of the list of runs.
 */
export function findRuns(end: usize): usize {
  weighRuns(end - data)
  memory.fill(runsOfLength, 0, 256 * 4)
  let list = runs
  let at = data + 1
  while (at < end) {
    const repeated = repeatedBytes(at) | (repeatedBytes(at + 16) << 16)
    const starts = repeated & (repeated >> 1) & (repeated >> 2) & 0xffff
    if (starts === 0) {
      at += 16
      continue
    }
    // The bytes after the end may be anything.
    const start = min(at + <usize>ctz(starts), end)
    const runEnd = endOfRun(start, end)
    const byte = <usize>load<u8>(start)
    if (runEnd - start >= load<u8>(leastRuns + byte)) list = takeRun(list, start, runEnd, byte)
    // Another byte is there.
    at = runEnd + 1
  }
  return list
}

function weighRuns(length: usize): void {
  for (let byte: usize = 0; byte < 256; byte++) {
    const frequency = load<u32>(frequencies + byte * 4)
    const literalBits = max<f32>(logarithm(<f32>length / <f32>max(frequency, 1)), 1)
    store<u8>(leastRuns + byte, max(<u32>(runBits / literalBits) + 1, <u32>shortest))
  }
}

/** To base 2, within 0.09: a float's exponent, with its mantissa as the fraction. */
function logarithm(value: f32): f32 {
  return <f32>(reinterpret<i32>(value) - (127 << 23)) / <f32>(1 << 23)
}

/** A bit for each of 16 bytes: whether it repeats the byte before it. */
function repeatedBytes(at: usize): u32 {
  return i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(at - 1)))
}

function endOfRun(start: usize, end: usize): usize {
  let at = start
  let others = repeatedBytes(at) ^ 0xffff
  while (others === 0 && at < end) {
    at += 16
    others = repeatedBytes(at) ^ 0xffff
  }
  return min(at + <usize>ctz(others), end)
}

/** Splits a run that is longer than the longest match. */
function takeRun(list: usize, start: usize, end: usize, byte: usize): usize {
  let at = start
  while (end - at >= shortest) {
    const length = min(end - at, longest)
    store<u32>(list, <u32>(at - data) | ((<u32>(length - shortest)) << 24))
    list += 4
    const counted = runsOfLength + (length - shortest) * 4
    store<u32>(counted, load<u32>(counted) + 1)
    at += length
  }
  const literals = frequencies + byte * 4
  store<u32>(literals, load<u32>(literals) - <u32>(at - start))
  return list
}
