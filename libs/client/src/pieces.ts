import { unlessAborted } from './connection.ts'
import type { ByteStream } from './types.ts'

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
export async function* piecesOfStream(stream: ByteStream, signal?: AbortSignal): AsyncGenerator<Piece> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunksOf(stream, signal)) {
    if (!ArrayBuffer.isView(chunk))
      throw new TypeError('the stream of an image must yield bytes (Uint8Array)')
    for (let rest = chunk; rest.length > 0; ) {
      // A full piece is sent only when the next byte arrives, because until then it may be the last.
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

/** A stream that yields nothing must not delay aborting an upload. */
async function* chunksOf(stream: ByteStream, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const source = sourceOf(stream)
  try {
    for (;;) {
      const { done, value } = await unlessAborted(source.next(), signal)
      if (done) return
      yield value as Uint8Array
    }
  } finally {
    // Not awaited: a generator returns only after its pending chunk.
    source.end().catch(() => undefined)
  }
}

interface ChunkSource {
  next(): Promise<{ done?: boolean | undefined; value?: Uint8Array | undefined }>
  end(): Promise<unknown>
}

function sourceOf(stream: ByteStream): ChunkSource {
  // Safari's streams are not iterable.
  if ('getReader' in stream) {
    const reader = stream.getReader()
    return { next: () => reader.read(), end: () => reader.cancel() }
  }
  const iterator = Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]()
  return { next: async () => iterator.next(), end: async () => iterator.return?.() }
}
