/** The number of bytes that are rearranged at once: whole pixels of 3, 4, 6 and 8 bytes. */
const groupBytes: usize = 48

/** Which bytes of each of a group's three vectors go into each of the result's three: nine masks of 16 bytes. */
export const masks: usize = memory.data(9 * 16, 16)

/** The number of bytes that fit here: a chunk that is copied here and back stays in the core's nearest cache. */
export const capacity: i32 = 512 * 48
export const data: usize = memory.data(512 * 48, 16)

/** Rearranges the groups in the first `length` bytes of the data. */
export function rearrange(length: usize): void {
  for (let at = data, end = data + length; at < end; at += groupBytes) {
    const first = v128.load(at)
    const second = v128.load(at, 16)
    const third = v128.load(at, 32)
    v128.store(at, selected(first, second, third, masks))
    v128.store(at, selected(first, second, third, masks + 48), 16)
    v128.store(at, selected(first, second, third, masks + 96), 32)
  }
}

/** A swizzle gives zero for an index outside its vector, so exactly one of the three vectors gives each byte. */
function selected(first: v128, second: v128, third: v128, mask: usize): v128 {
  const one = i8x16.swizzle(first, v128.load(mask))
  const two = i8x16.swizzle(second, v128.load(mask, 16))
  const three = i8x16.swizzle(third, v128.load(mask, 32))
  return v128.or(v128.or(one, two), three)
}
