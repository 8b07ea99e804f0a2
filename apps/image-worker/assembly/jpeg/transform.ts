/**
 * The cosine transform of 8 x 8 numbers of 32 bits, and its inverse, after Arai, Agui and Nakajima (Transactions of the
 * IEICE E-71, 1988), as in libjpeg's jfdctflt.c and jidctflt.c: the caller applies the scale of each coefficient when
 * it quantises. Four columns are computed in one vector. Rows and columns of the coefficients are exchanged.
 */
const rowBytes: usize = 32
const scratch = memory.data(64 * 4, 16)

/** Transforms samples, in rows from the top, into transposed coefficients in `result`. Overwrites the samples. */
export function forward(samples: usize, result: usize): void {
  forwardColumns(samples)
  forwardColumns(samples + 16)
  transpose(samples, result)
  forwardColumns(result)
  forwardColumns(result + 16)
}

/** Transforms transposed coefficients into samples, in rows from the top, `stride` bytes apart in `target`. */
export function inverse(block: usize, target: usize, stride: usize): void {
  inverseColumns(block, block, rowBytes)
  inverseColumns(block + 16, block + 16, rowBytes)
  transpose(block, scratch)
  inverseColumns(scratch, target, stride)
  inverseColumns(scratch + 16, target + 16, stride)
}

function forwardColumns(at: usize): void {
  const d0 = v128.load(at)
  const d1 = v128.load(at, 32)
  const d2 = v128.load(at, 64)
  const d3 = v128.load(at, 96)
  const d4 = v128.load(at, 128)
  const d5 = v128.load(at, 160)
  const d6 = v128.load(at, 192)
  const d7 = v128.load(at, 224)
  const s07 = f32x4.add(d0, d7)
  const s16 = f32x4.add(d1, d6)
  const s25 = f32x4.add(d2, d5)
  const s34 = f32x4.add(d3, d4)
  const t4 = f32x4.sub(d3, d4)
  const t5 = f32x4.sub(d2, d5)
  const t6 = f32x4.sub(d1, d6)
  const t7 = f32x4.sub(d0, d7)

  const e10 = f32x4.add(s07, s34)
  const e13 = f32x4.sub(s07, s34)
  const e11 = f32x4.add(s16, s25)
  const e12 = f32x4.sub(s16, s25)
  v128.store(at, f32x4.add(e10, e11))
  v128.store(at, f32x4.sub(e10, e11), 128)
  const z1 = f32x4.mul(f32x4.add(e12, e13), f32x4.splat(<f32>Math.SQRT1_2))
  v128.store(at, f32x4.add(e13, z1), 64)
  v128.store(at, f32x4.sub(e13, z1), 192)

  const o10 = f32x4.add(t4, t5)
  const o11 = f32x4.add(t5, t6)
  const o12 = f32x4.add(t6, t7)
  const z5 = f32x4.mul(f32x4.sub(o10, o12), f32x4.splat(0.382683433))
  const z2 = f32x4.add(f32x4.mul(o10, f32x4.splat(0.5411961)), z5)
  const z4 = f32x4.add(f32x4.mul(o12, f32x4.splat(1.306562965)), z5)
  const z3 = f32x4.mul(o11, f32x4.splat(<f32>Math.SQRT1_2))
  const z11 = f32x4.add(t7, z3)
  const z13 = f32x4.sub(t7, z3)
  v128.store(at, f32x4.add(z11, z4), 32)
  v128.store(at, f32x4.sub(z13, z2), 96)
  v128.store(at, f32x4.add(z13, z2), 160)
  v128.store(at, f32x4.sub(z11, z4), 224)
}

function inverseColumns(from: usize, to: usize, stride: usize): void {
  const i0 = v128.load(from)
  const i1 = v128.load(from, 32)
  const i2 = v128.load(from, 64)
  const i3 = v128.load(from, 96)
  const i4 = v128.load(from, 128)
  const i5 = v128.load(from, 160)
  const i6 = v128.load(from, 192)
  const i7 = v128.load(from, 224)

  const e10 = f32x4.add(i0, i4)
  const e11 = f32x4.sub(i0, i4)
  const e13 = f32x4.add(i2, i6)
  const e12 = f32x4.sub(f32x4.mul(f32x4.sub(i2, i6), f32x4.splat(<f32>Math.SQRT2)), e13)
  const t0 = f32x4.add(e10, e13)
  const t3 = f32x4.sub(e10, e13)
  const t1 = f32x4.add(e11, e12)
  const t2 = f32x4.sub(e11, e12)

  const z13 = f32x4.add(i5, i3)
  const z10 = f32x4.sub(i5, i3)
  const z11 = f32x4.add(i1, i7)
  const z12 = f32x4.sub(i1, i7)
  const t7 = f32x4.add(z11, z13)
  const o11 = f32x4.mul(f32x4.sub(z11, z13), f32x4.splat(<f32>Math.SQRT2))
  const z5 = f32x4.mul(f32x4.add(z10, z12), f32x4.splat(1.847759065))
  const o10 = f32x4.sub(z5, f32x4.mul(z12, f32x4.splat(1.0823922)))
  const o12 = f32x4.sub(z5, f32x4.mul(z10, f32x4.splat(2.61312593)))
  const t6 = f32x4.sub(o12, t7)
  const t5 = f32x4.sub(o11, t6)
  const t4 = f32x4.sub(o10, t5)

  v128.store(to, f32x4.add(t0, t7))
  v128.store(to + stride, f32x4.add(t1, t6))
  v128.store(to + 2 * stride, f32x4.add(t2, t5))
  v128.store(to + 3 * stride, f32x4.add(t3, t4))
  v128.store(to + 4 * stride, f32x4.sub(t3, t4))
  v128.store(to + 5 * stride, f32x4.sub(t2, t5))
  v128.store(to + 6 * stride, f32x4.sub(t1, t6))
  v128.store(to + 7 * stride, f32x4.sub(t0, t7))
}

function transpose(from: usize, to: usize): void {
  transposeQuarter(from, to)
  transposeQuarter(from + 16, to + 4 * rowBytes)
  transposeQuarter(from + 4 * rowBytes, to + 16)
  transposeQuarter(from + 4 * rowBytes + 16, to + 4 * rowBytes + 16)
}

function transposeQuarter(from: usize, to: usize): void {
  const a = v128.load(from)
  const b = v128.load(from, 32)
  const c = v128.load(from, 64)
  const d = v128.load(from, 96)
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2))
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 32)
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 64)
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 96)
}
