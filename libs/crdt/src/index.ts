export { type Count, compareCounts, raiseCount, rings } from './count.ts'
export { maxCount, sumOf, windowsOf } from './counter.ts'
export { differenceOf, type VersionPage } from './difference.ts'
export {
  type CountEntry,
  compareEntries,
  countKey,
  type Entry,
  keyOf,
  type RegisterEntry,
  registerKey,
  sizeOf,
} from './entry.ts'
export type { Json } from './json.ts'
export { compareRegisters, type Register, writeRegister } from './register.ts'
export type { Ring } from './ring.ts'
export { State } from './state.ts'
export { bucketCount, differingBuckets } from './summary.ts'
