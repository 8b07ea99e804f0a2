/**
 * Upsamples coarser chroma to eight rows of eight samples, of 32 bits each, as libjpeg does (jdsample.c). If one sample
 * becomes two, and a row has more than two, it uses "fancy upsampling": each new sample is three quarters of the nearer
 * and one quarter of the farther old sample. Otherwise each gets the nearest.
 *
 * @param from the first of chroma's samples, whose rows are `stride` bytes apart and have neighbours on all sides
 * @param width the number of chroma samples in a row of the image
 * @param horizontal the number of samples that one becomes, and `vertical` the number of rows: 1, 2 or 4
 */
export function upsample(
  block: usize,
  from: usize,
  stride: usize,
  width: i32,
  horizontal: i32,
  vertical: i32,
): void {
  const isFancy = horizontal <= 2 && vertical <= 2 && (horizontal === 1 || width > 2)
  if (isFancy && vertical === 2) fancyRows(block, from, stride, horizontal)
  else rows(block, from, stride, horizontal, vertical, isFancy)
}

function rows(block: usize, from: usize, stride: usize, horizontal: i32, vertical: i32, isFancy: bool): void {
  for (let y = 0; y < 8; y++) {
    const row = from + <usize>(y / vertical) * stride
    v128.store(block + (y << 5), isFancy ? fancyLeft(row, horizontal) : repeatedLeft(row, horizontal))
    v128.store(block + (y << 5), isFancy ? fancyRight(row, horizontal) : repeatedRight(row, horizontal), 16)
  }
}

/** Four rows and their neighbours become eight. */
function fancyRows(block: usize, from: usize, stride: usize, horizontal: i32): void {
  let aboveLeft = fancyLeft(from - stride, horizontal)
  let aboveRight = fancyRight(from - stride, horizontal)
  let left = fancyLeft(from, horizontal)
  let right = fancyRight(from, horizontal)
  for (let y: usize = 0; y < 4; y++) {
    const below = from + (y + 1) * stride
    const belowLeft = fancyLeft(below, horizontal)
    const belowRight = fancyRight(below, horizontal)
    const target = block + y * 64
    v128.store(target, nearer(left, aboveLeft))
    v128.store(target, nearer(right, aboveRight), 16)
    v128.store(target, nearer(left, belowLeft), 32)
    v128.store(target, nearer(right, belowRight), 48)
    aboveLeft = left
    aboveRight = right
    left = belowLeft
    right = belowRight
  }
}

/** The first four of the eight samples that four samples and their neighbours become, or of eight existing samples. */
function fancyLeft(from: usize, horizontal: i32): v128 {
  const here = v128.load(from)
  if (horizontal === 1) return here
  return v128.shuffle<f32>(nearer(here, v128.load(from - 4)), nearer(here, v128.load(from, 4)), 0, 4, 1, 5)
}

function fancyRight(from: usize, horizontal: i32): v128 {
  if (horizontal === 1) return v128.load(from, 16)
  const here = v128.load(from)
  return v128.shuffle<f32>(nearer(here, v128.load(from - 4)), nearer(here, v128.load(from, 4)), 2, 6, 3, 7)
}

function nearer(near: v128, far: v128): v128 {
  return f32x4.add(f32x4.mul(near, f32x4.splat(0.75)), f32x4.mul(far, f32x4.splat(0.25)))
}

function repeatedLeft(from: usize, horizontal: i32): v128 {
  if (horizontal === 4) return f32x4.splat(load<f32>(from))
  const here = v128.load(from)
  return horizontal === 2 ? v128.shuffle<f32>(here, here, 0, 0, 1, 1) : here
}

function repeatedRight(from: usize, horizontal: i32): v128 {
  if (horizontal === 4) return f32x4.splat(load<f32>(from, 4))
  const here = v128.load(from)
  return horizontal === 2 ? v128.shuffle<f32>(here, here, 2, 2, 3, 3) : v128.load(from, 16)
}
