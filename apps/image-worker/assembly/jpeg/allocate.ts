let end: usize = __heap_base
/** The memory after this has never been used, and is zero. */
let used: usize = 0

/** Allocates this many bytes at a multiple of 16. They may hold anything. */
export function allocate(bytes: usize): usize {
  const at = (end + 15) & ~15
  end = at + bytes
  if (end < at) unreachable()
  const missing = <i32>((end + 0xffff) >> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
  return at
}

/** Allocates zeroed bytes. */
export function allocateZeros(bytes: usize): usize {
  const at = allocate(bytes)
  if (at < used) memory.fill(at, 0, min(end, used) - at)
  return at
}

/** Frees everything that was allocated from here on. */
export function release(at: usize): void {
  used = max(used, end)
  end = at
}

/** Frees everything. */
export function clear(): void {
  release(__heap_base)
}
