import { setBlockTables, tablesOfMember } from './block-tables'
import { acrossOf, horizontalOf, planeOf, verticalOf } from './components'
import { endReading, startMcu, startReading } from './interval-reader'
import { block, clearBlock, fillBlock, keptFor, placeInBlock, transformBlock } from './reduced-transform'
import {
  blocksInMcu,
  columnOfMember,
  componentOfMember,
  mcusAcross,
  mcusDown,
  predictionOf,
  rowOfMember,
  startScan,
} from './scan'
import { isFlat, lowBlock } from './skip'
import { makeRunTables } from './symbol-runs'

/** The quantisation steps of each component, in zigzag order. */
export const stepsAt = memory.data(4 * 64)

/** The `places` for `lowBlock`: 25 positions that may be kept, and 15 more, for each component. */
const positions: usize = 40
const places = memory.data(4 * 40 * 4, 4)

/**
 * Decodes the only scan of a sequential image at a quarter or an eighth of its size: each block becomes 1, 2 x 2 or 4 x 4
 * samples. A component's samples are where `setComponent` put its coefficients, a byte each, in rows from the top.
 *
 * @param sides how many samples a block has across, 1, 2 or 4: a byte for each component
 * @param copy as in `followScan`
 * @returns 0, or an error, as `decodeScan` does
 */
export function decodeReduced(
  from: usize,
  end: usize,
  componentMask: i32,
  interval: i32,
  sides: i32,
  copy: usize,
): i32 {
  startScan(componentMask)
  makeRunTables(componentMask, end - from)
  setBlockTables()
  startReading(from, end, interval, copy)
  makePlaces(sides)
  clearBlock()
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      const error = startMcu()
      if (error) return error
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const side = sideOf(sides, component)
        const error = lowBlock(component, tablesOfMember(index), keptFor(side), block, placesOf(component))
        if (error) return error
        const dc = predictionOf(component) * <i32>load<u16>(placesOf(component))
        const stride = <usize>(acrossOf(component) * side)
        const row = <usize>(rowOfMember(index, y) * side) * stride
        const target = planeOf(component) + row + <usize>(columnOfMember(index, x) * side)
        if (isFlat) fillBlock(side, dc, target, stride)
        else {
          store<i32>(block, dc)
          transformBlock(side, target, stride)
          clearBlock()
        }
      }
    }
  }
  return endReading()
}

function sideOf(sides: i32, component: i32): i32 {
  return (sides >> (component << 3)) & 0xff
}

function placesOf(component: i32): usize {
  return places + ((<usize>component * positions) << 2)
}

function makePlaces(sides: i32): void {
  for (let component = 0; component < 4; component++) {
    for (let position: usize = 0; position < positions; position++) {
      const at = placesOf(component) + (position << 2)
      store<u16>(at, <u16>load<u8>(stepsAt + (component << 6) + position))
      store<u16>(at, <u16>placeInBlock(position, sideOf(sides, component)), 2)
    }
  }
}

/**
 * Writes the decoded samples of an image of three components as red, green and blue. Chroma that has fewer samples than
 * luma is repeated or interpolated, as libjpeg does at this size (jdsample.c, jinit_upsampler).
 *
 * @param chromaWidth the samples of chroma that show the image, without those that only fill the last block
 */
export function reducedToRgb(
  sides: i32,
  width: i32,
  height: i32,
  chromaWidth: i32,
  chromaHeight: i32,
  target: usize,
): void {
  const side = sideOf(sides, 0)
  const chromaSide = sideOf(sides, 1)
  const shiftAcross = ctz((horizontalOf(0) * side) / chromaSide)
  const shiftDown = ctz((verticalOf(0) * side) / chromaSide)
  const isSmoothAcross = side > 1 && shiftAcross === 1 && shiftDown === 0 && chromaWidth > 2
  const isSmoothDown = side > 1 && shiftAcross === 0 && shiftDown === 1
  const stride = acrossOf(1) * chromaSide
  for (let y = 0; y < height; y++) {
    const luma = planeOf(0) + <usize>(y * acrossOf(0) * side)
    const near = (y >> shiftDown) * stride
    const far = isSmoothDown ? neighbour(y, chromaHeight) * stride : near
    let x = 0
    if (shiftAcross === 0 && !isSmoothDown)
      for (; x + 8 <= width; x += 8, target += 24) writeEight(target, luma + x, near + x)
    for (; x < width; x++, target += 3) {
      const column = x >> shiftAcross
      const bias = 1 + ((isSmoothAcross ? x : y) & 1)
      const at = near + column
      const beside = far + (isSmoothAcross ? neighbour(x, chromaWidth) : column)
      const blue = interpolated(planeOf(1), at, beside, bias)
      writeRgb(target, load<u8>(luma + x), blue - 128, interpolated(planeOf(2), at, beside, bias) - 128)
    }
  }
}

/** The sample of chroma on the other side of a sample of luma, where two of luma are beside one of chroma. */
function neighbour(position: i32, count: i32): i32 {
  return max(0, min(count - 1, (position >> 1) + (position & 1 ? 1 : -1)))
}

/** Three quarters of a sample and one quarter of its neighbour; libjpeg rounds them up or down in turn. */
function interpolated(plane: usize, at: i32, beside: i32, bias: i32): i32 {
  return (3 * <i32>load<u8>(plane + at) + <i32>load<u8>(plane + beside) + bias) >> 2
}

/** JFIF's matrix times 2^16, rounded as in libjpeg (jdcolor.c). */
function writeRgb(target: usize, luma: i32, blue: i32, red: i32): void {
  const half = 1 << 15
  store<u8>(target, limited(luma + ((91881 * red + half) >> 16)))
  store<u8>(target, limited(luma + ((half - 22554 * blue - 46802 * red) >> 16)), 1)
  store<u8>(target, limited(luma + ((116130 * blue + half) >> 16)), 2)
}

/** As `writeRgb` for eight pixels. The factors are those above, less whole multiples of 2^16, so that they have 16 bits. */
function writeEight(target: usize, luma: usize, chroma: usize): void {
  const light = v128.load8x8_u(luma)
  const blue = i16x8.sub(v128.load8x8_u(planeOf(1) + chroma), i16x8.splat(128))
  const red = i16x8.sub(v128.load8x8_u(planeOf(2) + chroma), i16x8.splat(128))
  const low = i16x8.shuffle(blue, red, 0, 8, 1, 9, 2, 10, 3, 11)
  const high = i16x8.shuffle(blue, red, 4, 12, 5, 13, 6, 14, 7, 15)
  const r = i16x8.add(red, shares(low, high, i16x8(0, 26345, 0, 26345, 0, 26345, 0, 26345)))
  const g = i16x8.sub(
    shares(low, high, i16x8(-22554, 18734, -22554, 18734, -22554, 18734, -22554, 18734)),
    red,
  )
  const b = i16x8.add(
    i16x8.add(blue, blue),
    shares(low, high, i16x8(-14942, 0, -14942, 0, -14942, 0, -14942, 0)),
  )
  const redsAndGreens = i8x16.narrow_i16x8_u(i16x8.add(light, r), i16x8.add(light, g))
  const blues = i8x16.narrow_i16x8_u(i16x8.add(light, b), i16x8.add(light, b))
  v128.store(
    target,
    i8x16.shuffle(redsAndGreens, blues, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5),
  )
  const rest = i8x16.shuffle(redsAndGreens, blues, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0)
  v128.store64_lane(target, rest, 0, 16)
}

/** The sums of eight pairs of blue and red times their factors, divided by 2^16 and rounded. */
function shares(low: v128, high: v128, factors: v128): v128 {
  const half = i32x4.splat(1 << 15)
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, factors), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, factors), half), 16),
  )
}

function limited(value: i32): i32 {
  return max(0, min(255, value))
}
