/** Bytes that can be read from anywhere: a file, an object in a store, a buffer. */
export interface ByteSource {
  /** The total number of bytes. */
  readonly size: number
  /** The bytes from `offset` on; fewer than `length` only at the end. Errors are passed on. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** A source of bytes in memory; reads are views, nothing is copied. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}
