/** A chunk of a RIFF file: its name of four letters, and its data. */
export interface RiffChunk<Data extends Uint8Array = Uint8Array> {
  readonly type: string
  readonly data: Data
}

/**
 * The chunks one after the other (RFC 9649, 2.3). The first chunk of a WebP follows the 12 bytes of the file's header.
 */
export function* riffChunks(bytes: Uint8Array, from = 12): Generator<RiffChunk<Buffer>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; at + 8 <= buffer.length; ) {
    const length = buffer.readUInt32LE(at + 4)
    yield { type: buffer.toString('latin1', at, at + 4), data: buffer.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length % 2)
  }
}

/** A WebP of these chunks. */
export function webpOf(chunks: readonly RiffChunk[]): Uint8Array {
  const body = bytesOfChunks(chunks)
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  head.writeUInt32LE(4 + body.length, 4)
  return Buffer.concat([head, body])
}

/** Chunks of odd length are padded. */
export function bytesOfChunks(chunks: readonly RiffChunk[]): Buffer {
  const parts = chunks.flatMap(({ type, data }) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32LE(data.length, 4)
    return [head, data, Buffer.alloc(data.length % 2)]
  })
  return Buffer.concat(parts)
}
