/**
 * Frees the memory of bytes that are no longer read. V8 counts them against the limit of its heap, so it would mark the
 * whole heap of the thread for every few images. Bytes that share their memory with others are left alone.
 */
export function freeNow({ buffer, byteLength }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0)
}
