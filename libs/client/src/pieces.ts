/** Larger images are sent in pieces of this size. After an interruption, only one piece is sent again. */
export const pieceBytes = 8 * 1024 * 1024

export interface Piece {
  bytes: Blob
  isLast: boolean
}

export async function* piecesOfBlob(blob: Blob): AsyncGenerator<Piece> {
  for (let begin = 0; begin < blob.size; begin += pieceBytes)
    yield { bytes: blob.slice(begin, begin + pieceBytes), isLast: begin + pieceBytes >= blob.size }
}

/** Each piece is held in memory, so that it can be sent again. */
export async function* piecesOfStream(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Piece> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of 'getReader' in stream ? chunksOf(stream) : stream) {
    if (!ArrayBuffer.isView(chunk))
      throw new TypeError('the stream of an image must yield bytes (Uint8Array)')
    for (let rest = chunk; rest.length > 0; ) {
      // A full piece is sent when the next byte arrives: only then is it known not to be the last.
      if (bytes === pieceBytes) {
        yield { bytes: new Blob(parts as Uint8Array<ArrayBuffer>[]), isLast: false }
        parts = []
        bytes = 0
      }
      const part = rest.subarray(0, pieceBytes - bytes)
      parts.push(part)
      bytes += part.length
      rest = rest.subarray(part.length)
    }
  }
  yield { bytes: new Blob(parts as Uint8Array<ArrayBuffer>[]), isLast: true }
}

/** Safari's streams are not iterable. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
