import { acrossOf, acTableOf, dcTableOf, horizontalOf, planeOf, verticalOf } from './components'
import { endDecoding, startDecoding, startMcu } from './decode'
import { sequentialBlock } from './decode-sequential'
import { decodeTableAt } from './decode-table'
import { reducedBlock, sampleOf } from './reduced-transform'
import {
  blocksInMcu,
  columnOfMember,
  componentOfMember,
  mcusAcross,
  mcusDown,
  predictionOf,
  rowOfMember,
} from './scan'
import { makeSkipTables, skipBlock } from './skip'
import { nonzero } from './symbols'

/** The quantisation steps of each component, in zigzag order. */
export const stepsAt = memory.data(4 * 64)

/** The coefficients of a block with several samples. Zero between blocks, except for DC. */
const block = memory.data(128, 16)

/**
 * Decodes the only scan of a sequential image at a quarter or an eighth of its size: each block becomes 1, 2 x 2 or 4 x 4
 * samples (libjpeg's jpeg_idct_1x1, jpeg_idct_2x2 and jpeg_idct_4x4). A component's samples are where `setComponent` put
 * its coefficients, a byte each, in rows from the top.
 *
 * @param sides how many samples a block has across, 1, 2 or 4: a byte for each component
 * @returns 0, or an error, as `decodeScan` does
 */
export function decodeReduced(from: usize, end: usize, componentMask: i32, interval: i32, sides: i32): i32 {
  startDecoding(from, end, componentMask, interval)
  makeSkipTables(componentMask & singleMask(sides))
  memory.fill(block, 0, 128) // after an error
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      const error = startMcu()
      if (error) return error
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const side = sideOf(sides, component)
        const stride = <usize>(acrossOf(component) * side)
        const row = <usize>(rowOfMember(index, y) * side) * stride
        const target = planeOf(component) + row + <usize>(columnOfMember(index, x) * side)
        const error = side === 1 ? decodeOne(component, target) : decodeMany(component, side, target, stride)
        if (error) return error
      }
    }
  }
  return endDecoding()
}

function sideOf(sides: i32, component: i32): i32 {
  return (sides >> (component << 3)) & 0xff
}

/** A bit for each component whose blocks become one sample. */
function singleMask(sides: i32): i32 {
  let mask = 0
  for (let component = 0; component < 4; component++)
    if (sideOf(sides, component) === 1) mask |= 1 << component
  return mask
}

function decodeOne(component: i32, target: usize): i32 {
  const error = skipBlock(component)
  if (error) return error
  store<u8>(target, sampleOf(predictionOf(component) * load<u8>(stepsAt + (component << 6)), 3))
  return 0
}

function decodeMany(component: i32, side: i32, target: usize, stride: usize): i32 {
  const dc = decodeTableAt(0, dcTableOf(component))
  const ac = decodeTableAt(1, acTableOf(component))
  const error = sequentialBlock(block, component, dc, ac)
  if (error) return error
  reducedBlock(block, stepsAt + (component << 6), nonzero(block), side, target, stride)
  for (let at = block; at < block + 128; at += 16) v128.store(at, i64x2.splat(0))
  return 0
}

/**
 * Writes the decoded samples of an image of three components as red, green and blue. Chroma that has fewer samples than
 * luma is repeated, as libjpeg does if a block of luma has one sample.
 */
export function reducedToRgb(sides: i32, width: i32, height: i32, target: usize): void {
  const side = sideOf(sides, 0)
  const chromaSide = sideOf(sides, 1)
  const shiftAcross = ctz((horizontalOf(0) * side) / chromaSide)
  const shiftDown = ctz((verticalOf(0) * side) / chromaSide)
  const stride = acrossOf(1) * chromaSide
  for (let y = 0; y < height; y++) {
    const luma = planeOf(0) + <usize>(y * acrossOf(0) * side)
    const row = (y >> shiftDown) * stride
    for (let x = 0; x < width; x++, target += 3) {
      const at = row + (x >> shiftAcross)
      writeRgb(target, load<u8>(luma + x), load<u8>(planeOf(1) + at) - 128, load<u8>(planeOf(2) + at) - 128)
    }
  }
}

/** JFIF's matrix times 2^16, rounded as in libjpeg (jdcolor.c). */
function writeRgb(target: usize, luma: i32, blue: i32, red: i32): void {
  const half = 1 << 15
  store<u8>(target, limited(luma + ((91881 * red + half) >> 16)))
  store<u8>(target, limited(luma + ((half - 22554 * blue - 46802 * red) >> 16)), 1)
  store<u8>(target, limited(luma + ((116130 * blue + half) >> 16)), 2)
}

function limited(value: i32): i32 {
  return max(0, min(255, value))
}
