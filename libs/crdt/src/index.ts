export { type Count, compareCounts, mergeCounts, raiseCount, rings } from './count.ts'
export { maxCount, sumOf, type Windows, windowsOf } from './counter.ts'
export { type Difference, differenceOf, type VersionPage } from './difference.ts'
export {
  type CountEntry,
  compareEntries,
  countKey,
  type Entry,
  keyOf,
  type RegisterEntry,
  registerKey,
  sizeOf,
  type Version,
} from './entry.ts'
export type { Json } from './json.ts'
export { compareRegisters, mergeRegisters, type Register, writeRegister } from './register.ts'
export { countAt, type Ring, sumBetween } from './ring.ts'
export { State } from './state.ts'
export { bucketCount, differingBuckets } from './summary.ts'
