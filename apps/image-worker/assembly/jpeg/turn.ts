import { blockBytes } from './components'

/** For each coefficient of a turned block, in zigzag order, which of the original it is, and with which sign. */
export const turnedFromAt: usize = memory.data(64)
export const turnedSignsAt: usize = memory.data(64)

/** Turns a plane of blocks: exchanges rows and columns if it is to, and then mirrors. The sizes are the target's. */
export function turnPlane(
  source: usize,
  target: usize,
  across: i32,
  down: i32,
  isTransposed: bool,
  mirrorsRows: bool,
  mirrorsColumns: bool,
): void {
  let to = target
  for (let y = 0; y < down; y++) {
    const row = mirrorsColumns ? down - 1 - y : y
    for (let x = 0; x < across; x++) {
      const column = mirrorsRows ? across - 1 - x : x
      const index = isTransposed ? column * down + row : row * across + column
      turnBlock(source + <usize>index * blockBytes, to)
      to += blockBytes
    }
  }
}

function turnBlock(source: usize, target: usize): void {
  for (let k: usize = 0; k < 64; k++) {
    const coefficient = load<i16>(source + ((<usize>load<u8>(turnedFromAt + k)) << 1))
    store<i16>(target + (k << 1), coefficient * <i16>load<i8>(turnedSignsAt + k))
  }
}
