/**
 * The inner loops for JPEG: they decode scans to coefficients, turn and permute coefficients, and encode scans; and they
 * follow, cut, recode, reduce and mend scans without keeping coefficients. src/permute/jpeg/ calls them, and for mending
 * src/develop/mend/, for one image at a time.
 */
export { allocate, allocateZeros, clear, release } from './jpeg/allocate'
export { setComponent, setTables } from './jpeg/components'
export { cutEnd, cutScan } from './jpeg/cut'
export { decodeScan, scanEnd } from './jpeg/decode'
export { defineDecodeTable, specificationAt } from './jpeg/decode-table'
export { countScan, writeScan } from './jpeg/encode'
export { additionalBits } from './jpeg/encode-progressive'
export { beyondBlock, bytesLeft, endsTooEarly, noRestart, outOfRange, unknownCode } from './jpeg/errors'
export { followScan } from './jpeg/follow'
export { codeRuns, fillings, longRuns, mendScan, strayRuns } from './jpeg/mend'
export { permuteChroma, permuteWhole, shiftLuma } from './jpeg/permute'
export { divisorsAt, factorsAt, positionsAt } from './jpeg/permute-tables'
export { recodeScan } from './jpeg/recode'
export { decodeReduced, reducedToRgb, stepsAt } from './jpeg/reduced'
export { setRange } from './jpeg/scan'
export { codesAt, countsAt } from './jpeg/symbols'
export { mirrorPlane, transposePlane, turnedBytesAt, turnedSignsAt } from './jpeg/turn'
export { unstuffedMargin } from './jpeg/unstuff'
