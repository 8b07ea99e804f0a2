/** The words of V8 (buffers, WebAssembly) and of libvips. */
const words = /\bout of memory\b|\ballocation failed\b|\bcould not allocate memory\b/i

/** Whether the system refused memory, as with `ulimit -v`: another attempt, or another worker, may get it. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && words.test(error.message)
}
