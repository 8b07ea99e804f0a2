import { type ByteSource, bytesSource } from '../src/index.ts'

export interface CountingSource extends ByteSource {
  /** What was read so far. */
  readonly reads: { offset: number; length: number }[]
}

/** Remembers every read of it. */
export function countingSource(bytes: Uint8Array): CountingSource {
  const source = bytesSource(bytes)
  const reads: CountingSource['reads'] = []
  return {
    size: source.size,
    reads,
    read: (offset, length) => {
      reads.push({ offset, length })
      return source.read(offset, length)
    },
  }
}

/** A file of `size` bytes, `head` and then nothing but zeros, that takes no memory. */
export function sparseSource(head: Uint8Array, size: number): CountingSource {
  const reads: CountingSource['reads'] = []
  return {
    size,
    reads,
    read: async (offset, length) => {
      reads.push({ offset, length })
      const bytes = new Uint8Array(Math.min(length, size - offset))
      bytes.set(head.subarray(offset, offset + length))
      return bytes
    },
  }
}
