/** A chunk of a RIFF file: its name of four letters, and its data. */
interface RiffChunk {
  readonly type: string
  readonly data: Buffer
}

/**
 * The chunks one after the other (RFC 9649, 2.3). The first chunk of a WebP follows the 12 bytes of the file's header.
 */
export function* riffChunks(bytes: Uint8Array, from = 12): Generator<RiffChunk> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; at + 8 <= buffer.length; ) {
    const length = buffer.readUInt32LE(at + 4)
    yield { type: buffer.toString('latin1', at, at + 4), data: buffer.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length % 2)
  }
}
