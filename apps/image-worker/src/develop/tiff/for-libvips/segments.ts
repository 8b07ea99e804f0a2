import { inflateSync } from 'node:zlib'
import { UnusableImage } from '../../unusable-image.ts'
import { compressions, numbersOfTag, pageTags, type TiffPage } from '../tiff-page.ts'
import { unpackLzw } from './unpack-lzw.ts'
import { unpackPackBits } from './unpack-packbits.ts'
import { isFloat, wideKindOf } from './wide-samples.ts'

/** How the samples of a page are cut into strips or tiles, which are its segments, and packed. */
export interface Segments {
  /** The size of a segment; strips are as wide as the page, and the last may be lower. */
  readonly width: number
  readonly height: number
  readonly isTiled: boolean
  /** The samples of a pixel that are together in a segment: all, or one. */
  readonly samples: number
  readonly bits: number
  readonly isDifferenced: boolean
  /** Whether the bytes of floats are sorted by their place, and differenced (TIFF Technical Note 3). */
  readonly areSortedFloats: boolean
  readonly isReversed: boolean
  readonly isLittleEndian: boolean
}

const noPredictor = 1
const differences = 2
const floatDifferences = 3
/** A value of FillOrder. */
export const lowBitFirst = 2

/** Undefined if the segments can't be unpacked here. */
export function segmentsOfPage(page: TiffPage, isLittleEndian: boolean): Segments | undefined {
  const number = (tag: number, otherwise: number) => numbersOfTag(page, tag)[0] ?? otherwise
  const predictor = number(pageTags.predictor, noPredictor)
  const isPacked = page.compression !== compressions.none
  const isDifferenced = predictor === differences && isPacked
  const areSortedFloats = predictor === floatDifferences && isPacked && isFloat(wideKindOf(page))
  const isKnown = predictor === noPredictor || predictor === differences || areSortedFloats
  const isWhole = [8, 16, 32, 64].includes(page.bitsPerSample)
  if (!unpackable.includes(page.compression) || !isKnown || (isDifferenced && !isWhole)) return undefined
  const { isTiled } = page
  const width = isTiled ? number(pageTags.tileWidth, 0) : page.width
  const height = isTiled ? number(pageTags.tileLength, 0) : number(pageTags.rowsPerStrip, page.height)
  if (width === 0 || height === 0) return undefined
  const segments: Segments = {
    width,
    height: isTiled ? height : Math.min(height, page.height),
    isTiled,
    samples: page.isPlanar ? 1 : page.samplesPerPixel,
    bits: page.bitsPerSample,
    isDifferenced,
    areSortedFloats,
    isReversed: number(pageTags.fillOrder, 1) === lowBitFirst,
    isLittleEndian,
  }
  const pageBytes = (page.width * page.height * page.samplesPerPixel * page.bitsPerSample) / 8
  return rowBytesOf(segments) * segments.height > pageBytes + mostPadding ? undefined : segments
}

/** In bytes: tiles are padded to their full size, and a tile may be larger than the image. */
export const mostPadding = 16 * 1024 * 1024

/** Each row of a segment begins at a whole byte. */
export function rowBytesOf({ width, samples, bits }: Segments): number {
  return Math.ceil((width * samples * bits) / 8)
}

const unpackable: readonly number[] = [
  compressions.none,
  compressions.lzw,
  compressions.packBits,
  compressions.deflate,
  compressions.oldDeflate,
]

/**
 * The samples of one segment with this many rows, row by row, each row from a whole byte on.
 *
 * @throws UnusableImage if they are damaged or too few
 */
export function unpackSegment(
  packed: Uint8Array,
  segments: Segments,
  { rows, compression }: { rows: number; compression: number },
): Uint8Array {
  const { height, samples, bits, isDifferenced, areSortedFloats, isReversed, isLittleEndian } = segments
  const rowBytes = rowBytesOf(segments)
  // The last strip may be padded to the full height.
  const [least, most] = [rows * rowBytes, height * rowBytes]
  const unpacked = unpack(isReversed ? reversed(packed) : packed, { least, most, compression })
  if (unpacked.length < least)
    throw new UnusableImage('undecodable-image', 'the pixels of a TIFF page end too early')
  if (!isDifferenced && !areSortedFloats) return unpacked
  for (let row = 0; row < rows; row++) {
    const own = unpacked.subarray(row * rowBytes, (row + 1) * rowBytes)
    if (areSortedFloats) {
      addDifferences(own, samples)
      own.set(unsorted(own, bits / 8, isLittleEndian))
    } else if (bits === 8) addDifferences(own, samples)
    else addDeepDifferences(own, { samples, bytes: bits / 8, isLittleEndian })
  }
  return unpacked
}

function unpack(
  packed: Uint8Array,
  { least, most, compression }: { least: number; most: number; compression: number },
): Uint8Array {
  if (compression === compressions.none) return packed
  if (compression === compressions.deflate || compression === compressions.oldDeflate)
    return inflate(packed, most)
  if (compression === compressions.lzw && isOldLzw(packed))
    throw new UnusableImage(
      'unsupported-compression',
      'old-style LZW is not supported in this kind of TIFF: save it with Deflate or no compression',
    )
  const unpacked = new Uint8Array(least)
  const length =
    compression === compressions.lzw ? unpackLzw(packed, unpacked) : unpackPackBits(packed, unpacked)
  return unpacked.subarray(0, length)
}

/** The first programs wrote the low bits of codes first, as libtiff recognises by the first code, which clears the table. */
function isOldLzw([first, second = 0]: Uint8Array): boolean {
  return first === 0 && (second & 1) === 1
}

function inflate(packed: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(most, 1) })
  } catch (error) {
    const words = 'the pixels of a TIFF page cannot be inflated'
    throw new UnusableImage('undecodable-image', words, { cause: error })
  }
}

/** TIFF 6.0, section 14: each sample is stored as the difference to the same sample of the pixel before. */
function addDifferences(row: Uint8Array, samples: number): void {
  for (let at = samples; at < row.length; at++) row[at] = (row[at] ?? 0) + (row[at - samples] ?? 0)
}

function addDeepDifferences(
  row: Uint8Array,
  { samples, bytes, isLittleEndian }: { samples: number; bytes: number; isLittleEndian: boolean },
): void {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
  const step = bytes * samples
  for (let at = step; at + bytes <= row.length; at += bytes) {
    if (bytes === 2) {
      const sum = view.getUint16(at, isLittleEndian) + view.getUint16(at - step, isLittleEndian)
      view.setUint16(at, sum & 0xffff, isLittleEndian)
    } else if (bytes === 4) {
      const sum = view.getUint32(at, isLittleEndian) + view.getUint32(at - step, isLittleEndian)
      view.setUint32(at, sum >>> 0, isLittleEndian)
    } else {
      const sum = view.getBigUint64(at, isLittleEndian) + view.getBigUint64(at - step, isLittleEndian)
      view.setBigUint64(at, BigInt.asUintN(64, sum), isLittleEndian)
    }
  }
}

/** The floats of a row in which all first bytes, the most significant, come before all second bytes, and so on. */
function unsorted(row: Uint8Array, bytes: number, isLittleEndian: boolean): Uint8Array {
  const floats = new Uint8Array(row.length)
  const count = row.length / bytes
  for (let at = 0; at < row.length; at++) {
    const [place, index] = [Math.floor(at / count), at % count]
    floats[bytes * index + (isLittleEndian ? bytes - 1 - place : place)] = row[at] ?? 0
  }
  return floats
}

/** FillOrder 2: the first pixel is in the lowest bits. */
export function reversed(packed: Uint8Array): Uint8Array {
  return Uint8Array.from(packed, byte => {
    let bits = 0
    for (let bit = 0; bit < 8; bit++) bits |= ((byte >> bit) & 1) << (7 - bit)
    return bits
  })
}
