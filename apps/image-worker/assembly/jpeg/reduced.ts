import { acrossOf, horizontalOf, planeOf, verticalOf } from './components'
import { endDecoding, startDecoding, startMcu } from './decode'
import { block, clearBlock, keptFor, placeInBlock, transformBlock } from './reduced-transform'
import {
  blocksInMcu,
  columnOfMember,
  componentOfMember,
  mcusAcross,
  mcusDown,
  predictionOf,
  rowOfMember,
} from './scan'
import { lowBlock, makeSkipTables } from './skip'

/** The quantisation steps of each component, in zigzag order. */
export const stepsAt = memory.data(4 * 64)

/** What `lowBlock` needs about the 25 positions that may be kept, and 15 more, for each component. */
const positions: usize = 40
const places = memory.data(4 * 40 * 4, 4)

/**
 * Decodes the only scan of a sequential image at a quarter or an eighth of its size: each block becomes 1, 2 x 2 or 4 x 4
 * samples. A component's samples are where `setComponent` put its coefficients, a byte each, in rows from the top.
 *
 * @param sides how many samples a block has across, 1, 2 or 4: a byte for each component
 * @returns 0, or an error, as `decodeScan` does
 */
export function decodeReduced(from: usize, end: usize, componentMask: i32, interval: i32, sides: i32): i32 {
  startDecoding(from, end, componentMask, interval)
  makeSkipTables(componentMask)
  makePlaces(sides)
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      const error = startMcu()
      if (error) return error
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const side = sideOf(sides, component)
        clearBlock(side)
        const error = lowBlock(component, keptFor(side), block, placesOf(component))
        if (error) return error
        store<i32>(block, predictionOf(component) * <i32>load<u16>(placesOf(component)))
        const stride = <usize>(acrossOf(component) * side)
        const row = <usize>(rowOfMember(index, y) * side) * stride
        transformBlock(side, planeOf(component) + row + <usize>(columnOfMember(index, x) * side), stride)
      }
    }
  }
  return endDecoding()
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
    for (let x = 0; x < width; x++, target += 3) {
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

function limited(value: i32): i32 {
  return max(0, min(255, value))
}
