import type { Av1Sequence } from './av1-sequence.ts'
import type { BitReader } from './bit-reader.ts'

/** How coarsely a frame was quantised. */
export interface Av1Quantisation {
  /** base_q_idx, 0 to 255 */
  index: number
  isLossless: boolean
}

const keyFrame = 0
const intraOnly = 2

/**
 * Reads a frame header (AV1 specification, section 5.9) up to its quantisation. Undefined for frames that depend on other
 * frames: no still image begins with such a frame.
 */
export function readAv1Quantisation(bits: BitReader, sequence: Av1Sequence): Av1Quantisation | undefined {
  const { decoderModel, frameIdBits, isReduced, orderHintBits } = sequence
  let isShownKeyFrame = true
  if (!isReduced) {
    if (bits.flag()) return undefined // it shows an earlier frame
    const type = bits.number(2)
    if (type !== keyFrame && type !== intraOnly) return undefined
    const isShown = bits.flag()
    if (isShown && decoderModel && !decoderModel.hasEqualIntervals)
      bits.number(decoderModel.presentationTimeBits)
    if (!isShown) bits.flag()
    isShownKeyFrame = type === keyFrame && isShown
    if (!isShownKeyFrame && bits.flag() && orderHintBits > 0) return undefined // it lists its references
  }
  const keepsCdfs = bits.flag()
  const usesScreenContentTools =
    sequence.screenContentTools === 2 ? bits.flag() : sequence.screenContentTools === 1
  if (usesScreenContentTools && sequence.integerMotion === 2) bits.flag()
  bits.number(frameIdBits)
  const hasOwnSize = !isReduced && bits.flag()
  bits.number(orderHintBits)
  if (decoderModel && bits.flag()) bits.number(decoderModel.points * decoderModel.removalTimeBits)
  if (!isShownKeyFrame) bits.number(8)

  const size = readSize(bits, sequence, hasOwnSize)
  if (usesScreenContentTools && !size.isSuperResolved) bits.flag()
  if (!isReduced && !keepsCdfs) bits.flag()
  skipTiles(bits, sequence, size)
  return readQuantisation(bits, sequence)
}

interface FrameSize {
  width: number
  height: number
  isSuperResolved: boolean
}

/** Sections 5.9.5 to 5.9.8. */
function readSize(bits: BitReader, sequence: Av1Sequence, isOwn: boolean): FrameSize {
  let { width, height } = sequence
  if (isOwn) {
    width = bits.number(sequence.frameSizeBits.width) + 1
    height = bits.number(sequence.frameSizeBits.height) + 1
  }
  const isSuperResolved = sequence.mayBeSuperResolved && bits.flag()
  if (isSuperResolved) {
    const denominator = bits.number(3) + 9
    width = Math.floor((width * 8 + Math.floor(denominator / 2)) / denominator)
  }
  if (bits.flag()) bits.number(32) // rendered size
  return { width, height, isSuperResolved }
}

/** Section 5.9.15. */
function skipTiles(
  bits: BitReader,
  { usesLargeSuperblocks }: Av1Sequence,
  { width, height }: FrameSize,
): void {
  const sizeLog2 = usesLargeSuperblocks ? 7 : 6
  const inSuperblocks = (pixels: number) => Math.ceil((8 * Math.ceil(pixels / 8)) / 2 ** sizeLog2)
  const [columns, rows] = [inSuperblocks(width), inSuperblocks(height)]
  const widest = 4096 >> sizeLog2
  const largest = (4096 * 2304) >> (2 * sizeLog2)
  const fewestColumnsLog2 = tilesLog2(widest, columns)
  const fewestLog2 = Math.max(fewestColumnsLog2, tilesLog2(largest, rows * columns))
  let columnsLog2: number
  let rowsLog2: number
  if (bits.flag()) {
    columnsLog2 = readLog2(bits, fewestColumnsLog2, tilesLog2(1, Math.min(columns, 64)))
    rowsLog2 = readLog2(bits, Math.max(fewestLog2 - columnsLog2, 0), tilesLog2(1, Math.min(rows, 64)))
  } else {
    const across = readTileSizes(bits, columns, widest)
    const area = fewestLog2 > 0 ? (rows * columns) >> (fewestLog2 + 1) : rows * columns
    const down = readTileSizes(bits, rows, Math.max(Math.floor(area / Math.max(...across)), 1))
    columnsLog2 = tilesLog2(1, across.length)
    rowsLog2 = tilesLog2(1, down.length)
  }
  if (columnsLog2 + rowsLog2 > 0) bits.number(columnsLog2 + rowsLog2 + 2)
}

/** tile_log2(): the smallest k for which `unit` times 2 to the k is at least `whole`. */
function tilesLog2(unit: number, whole: number): number {
  let log2 = 0
  while (unit * 2 ** log2 < whole) log2 += 1
  return log2
}

function readLog2(bits: BitReader, fewest: number, most: number): number {
  let log2 = fewest
  while (log2 < most && bits.flag()) log2 += 1
  return log2
}

function readTileSizes(bits: BitReader, whole: number, most: number): number[] {
  const sizes: number[] = []
  for (let left = whole; left > 0; ) {
    const size = bits.below(Math.min(left, most)) + 1
    sizes.push(size)
    left -= size
  }
  return sizes
}

/** Bits of the features of a segment; the first five also have a sign. */
const featureBits = [8, 6, 6, 6, 6, 3, 0, 0]

/** Sections 5.9.12 and 5.9.14. */
function readQuantisation(
  bits: BitReader,
  { hasSeparateChromaDeltas, subsampling }: Av1Sequence,
): Av1Quantisation {
  const index = bits.number(8)
  const deltas = [readDelta(bits)]
  if (subsampling !== '4:0:0') {
    const planes = hasSeparateChromaDeltas && bits.flag() ? 2 : 1
    for (let delta = 0; delta < 2 * planes; delta++) deltas.push(readDelta(bits))
  }
  if (bits.flag()) bits.number(hasSeparateChromaDeltas ? 12 : 8) // quantiser matrices
  const segments = bits.flag() ? Array.from({ length: 8 }, () => readSegment(bits, index)) : [index]
  const isLossless = segments.every(quantiser => quantiser === 0) && deltas.every(delta => delta === 0)
  return { index, isLossless }
}

function readDelta(bits: BitReader): number {
  return bits.flag() ? bits.signed(7) : 0
}

function readSegment(bits: BitReader, index: number): number {
  let quantiser = index
  for (const [feature, width] of featureBits.entries()) {
    if (!bits.flag()) continue
    const value = feature < 5 ? bits.signed(width + 1) : bits.number(width)
    if (feature === 0) quantiser = Math.min(Math.max(index + value, 0), 255)
  }
  return quantiser
}
