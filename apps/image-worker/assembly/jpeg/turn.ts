import { blockBytes } from './components'

/** The sign that each coefficient of a turned block gets, in zigzag order, 16 bits each. */
export const turnedSignsAt: usize = memory.data(64 * 2, 16)
/**
 * For each eight coefficients of a transposed block, three lists of 16: which of their bytes come from the eight before,
 * from the same eight, and from the next eight of the original block. 255 stands for no byte.
 */
export const turnedBytesAt: usize = memory.data(8 * 48, 16)

const scratch = memory.data(128, 16)

/** Mirrors a plane of blocks in place, by exchanging blocks. */
export function mirrorPlane(
  plane: usize,
  across: i32,
  down: i32,
  mirrorsRows: bool,
  mirrorsColumns: bool,
): void {
  const blocks = across * down
  for (let index = 0; index < blocks; index++) {
    const y = index / across
    const x = index - y * across
    const row = mirrorsColumns ? down - 1 - y : y
    const column = mirrorsRows ? across - 1 - x : x
    const other = row * across + column
    if (other < index) continue
    const one = plane + <usize>index * blockBytes
    const another = plane + <usize>other * blockBytes
    mirrorBlock(one, scratch)
    mirrorBlock(another, one)
    memory.copy(another, scratch, blockBytes)
  }
}

/** Exchanges rows and columns of a plane of blocks, then mirrors it. The sizes are the target's. */
export function transposePlane(
  source: usize,
  target: usize,
  across: i32,
  down: i32,
  mirrorsRows: bool,
  mirrorsColumns: bool,
): void {
  // A few rows at a time, so that their blocks, neighbours in the source, are read while they are in the cache.
  for (let from = 0; from < down; from += 8) {
    const to = min(from + 8, down)
    for (let x = 0; x < across; x++) {
      const column = mirrorsRows ? across - 1 - x : x
      for (let y = from; y < to; y++) {
        const row = mirrorsColumns ? down - 1 - y : y
        transposeBlock(
          source + <usize>(column * down + row) * blockBytes,
          target + <usize>(y * across + x) * blockBytes,
        )
      }
    }
  }
}

function mirrorBlock(source: usize, target: usize): void {
  for (let at: usize = 0; at < blockBytes; at += 16)
    v128.store(target + at, i16x8.mul(v128.load(source + at), v128.load(turnedSignsAt + at)))
}

/** Coefficients that change places are close to each other in zigzag order: on one diagonal of the block. */
function transposeBlock(source: usize, target: usize): void {
  let before = i16x8.splat(0)
  let here = v128.load(source)
  for (let at: usize = 0; at < blockBytes; at += 16) {
    // The last eight coefficients take nothing from the bytes after them, so any readable address is fine.
    const next = v128.load(source + min(at + 16, blockBytes - 16))
    const froms = turnedBytesAt + at * 3
    const moved = v128.or(
      v128.or(v128.swizzle(before, v128.load(froms)), v128.swizzle(here, v128.load(froms, 16))),
      v128.swizzle(next, v128.load(froms, 32)),
    )
    v128.store(target + at, i16x8.mul(moved, v128.load(turnedSignsAt + at)))
    before = here
    here = next
  }
}
