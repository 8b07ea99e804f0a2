let end: usize = __heap_base

/** Room for so many bytes, all zero, at a multiple of 16. It is given back with the instance. */
export function allocate(bytes: usize): usize {
  const at = (end + 15) & ~15
  end = at + bytes
  const missing = <i32>((end + 0xffff) >> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
  return at
}
