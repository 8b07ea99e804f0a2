/** Smaller buffers cost V8 little. */
const leastBytes = 64 * 1024
/** Larger buffers are freed with their image, so that a thread keeps little memory. */
const mostBytes = 8 * 1024 * 1024

/**
 * A buffer for images that are in memory one after the other. V8 counts the bytes of new buffers against the limit of its
 * heap, so it would mark the whole heap of the thread for every few images. A collection at rest frees the buffer.
 */
export class ReusableBuffer {
  #kept = new WeakRef(new Uint8Array(0))

  /** Bytes with any content. The next call may return the same bytes. */
  take(length: number): Uint8Array {
    if (length < leastBytes || length > mostBytes) return new Uint8Array(length)
    let buffer = this.#kept.deref()
    if (!buffer || buffer.length < length) {
      buffer = new Uint8Array(2 ** Math.ceil(Math.log2(length))) // has room for many sizes
      this.#kept = new WeakRef(buffer)
    }
    return buffer.subarray(0, length)
  }
}
