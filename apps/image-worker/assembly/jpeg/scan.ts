import { acrossOf, blockAt, downOf, horizontalOf, ownAcrossOf, ownDownOf, verticalOf } from './components'

/** The coefficients in a scan (from Ss to Se), and their bits (from Ah to Al; T.81, B.2.3 and G.1.1.1). */
export let progressive: bool = false
export let spectralStart: i32 = 0
export let spectralEnd: i32 = 0
export let highBit: i32 = 0
export let lowBit: i32 = 0

/** Sets the range of the scans that are read, counted and written from now on. */
export function setRange(isProgressive: bool, start: i32, end: i32, high: i32, low: i32): void {
  progressive = isProgressive
  spectralStart = start
  spectralEnd = end
  highBit = high
  lowBit = low
}

/** The scan's minimum coded units (A.2). */
export let mcusAcross: i32 = 0
export let mcusDown: i32 = 0
export let blocksInMcu: i32 = 0

/** For each block in an MCU, at most ten (B.2.3): its component, its row and column, and how many of them there are. */
const members = memory.data(10 * 5 * 4, 4)
const memberBytes: usize = 20

/** The last DC coefficient of each component; the next is coded as the difference. */
const predictions = memory.data(4 * 4, 4)

/** @param componentMask a bit each; a single component isn't interleaved, and has only the blocks that it needs */
export function startScan(componentMask: i32): void {
  resetPredictions()
  const isSingle = popcnt(componentMask) === 1
  const leader = ctz(componentMask)
  mcusAcross = isSingle ? ownAcrossOf(leader) : acrossOf(leader) / horizontalOf(leader)
  mcusDown = isSingle ? ownDownOf(leader) : downOf(leader) / verticalOf(leader)
  blocksInMcu = 0
  for (let component = leader; component < 4; component++) {
    if (!((componentMask >> component) & 1)) continue
    const rows = isSingle ? 1 : verticalOf(component)
    const columns = isSingle ? 1 : horizontalOf(component)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) addMember(component, row, rows, column, columns)
    }
  }
}

function addMember(component: i32, row: i32, rows: i32, column: i32, columns: i32): void {
  const member = members + <usize>blocksInMcu * memberBytes
  blocksInMcu++
  store<i32>(member, component)
  store<i32>(member, row, 4)
  store<i32>(member, rows, 8)
  store<i32>(member, column, 12)
  store<i32>(member, columns, 16)
}

export function componentOfMember(index: i32): i32 {
  return load<i32>(members + <usize>index * memberBytes)
}

/** The block of this index in the MCU in column `x` of row `y`. */
export function blockOfMember(index: i32, x: i32, y: i32): usize {
  return blockAt(componentOfMember(index), rowOfMember(index, y), columnOfMember(index, x))
}

/** The row, in its component, of the block of this index in an MCU of row `y`. */
export function rowOfMember(index: i32, y: i32): i32 {
  const member = members + <usize>index * memberBytes
  return y * load<i32>(member, 8) + load<i32>(member, 4)
}

/** The column, in its component, of the block of this index in an MCU of column `x`. */
export function columnOfMember(index: i32, x: i32): i32 {
  const member = members + <usize>index * memberBytes
  return x * load<i32>(member, 16) + load<i32>(member, 12)
}

export function predictionOf(component: i32): i32 {
  return load<i32>(predictions + (component << 2))
}

export function setPrediction(component: i32, dc: i32): void {
  store<i32>(predictions + (component << 2), dc)
}

export function resetPredictions(): void {
  memory.fill(predictions, 0, 16)
}
