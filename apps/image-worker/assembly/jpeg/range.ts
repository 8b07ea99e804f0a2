/** Which coefficients the scan at hand has, and which bits of them (T.81, B.2.3 and G.1.1.1). */
export let progressive: bool = false
export let first: i32 = 0
export let last: i32 = 0
/** The lowest bit that came before, or 0 for none, and the lowest that comes now. */
export let high: i32 = 0
export let low: i32 = 0

/** For the scans that are read, counted and written from now on. */
export function setRange(isProgressive: bool, from: i32, to: i32, highBit: i32, lowBit: i32): void {
  progressive = isProgressive
  first = from
  last = to
  high = highBit
  low = lowBit
}
