import { type ByteSource, bytesSource } from '../src/index.ts'

interface CountingSource extends ByteSource {
  /** All reads so far. */
  readonly reads: { offset: number; length: number }[]
}

/** Records every read. */
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

/** A file of `size` bytes: `head`, then zeros, which take no memory. */
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
