/**
 * The inner loops of permuting a JPEG: entropy-coded data to coefficients, coefficients permuted, and back.
 * src/permute/jpeg/ calls them in that order, for one image at a time.
 */
export { allocate, allocateZeros, clear } from './jpeg/allocate'
export { defineDecodeTable } from './jpeg/bit-reader'
export { setComponent } from './jpeg/components'
export { decodeScan, scanEnd } from './jpeg/decode'
export { countScan, writeScan } from './jpeg/encode'
export { plainBits } from './jpeg/encode-progressive'
export { addToLuma, mixChroma, mixWhole } from './jpeg/mix'
export { divisorsAt, factorsAt, positionsAt } from './jpeg/mix-tables'
export { setRange } from './jpeg/range'
export { codesAt, countsAt } from './jpeg/symbols'
export { turnedFromAt, turnedSignsAt, turnPlane } from './jpeg/turn'
