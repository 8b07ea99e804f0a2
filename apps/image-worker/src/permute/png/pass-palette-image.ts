import { freeNow } from '../../free-now.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import type { PngChunkReader } from './chunks.ts'
import { inflatedBytes, type PngHeader, type PngPass, passesOf } from './header.ts'
import { inflateWhole, mostCompressed, tooLong, tooShort } from './inflate-whole.ts'
import { checkFilters } from './scanlines.ts'

/**
 * Palette images that inflate to more than this are not inflated: only their CRCs and the plausibility of their zlib
 * stream are checked. Permuting a palette costs nothing, so inflating takes nearly all of the time: 3 to 5 ns a byte,
 * where sharp takes about 55. The limit means at most 5 ms for an image. In larger images, filter bytes, the exact length
 * and the Adler-32 are not checked. Accidental damage in storage or transfer still breaks a CRC; a forged file is passed
 * on as it came.
 */
const maxProvenBytes = 1024 * 1024

/** Output is passed on in pieces of at least this size, or larger if they are contiguous in the input. */
const pieceBytes = 256 * 1024

/**
 * Passes on the run of IDAT chunks that is open in `chunks`, unchanged. Throws NotWellFormed if it can't be the
 * image's.
 */
export async function* passPaletteImage(
  chunks: PngChunkReader,
  header: PngHeader,
): AsyncGenerator<Uint8Array> {
  const passes = passesOf(header, header.width, header.height)
  const length = inflatedBytes(passes)
  const check = length > maxProvenBytes ? new PlausibleData(length) : new ProvenData(passes, length)
  const parts: Uint8Array[] = []
  let gathered = 0
  for await (const part of passed(chunks, check)) {
    append(parts, part)
    gathered += part.length
    if (gathered < pieceBytes) continue
    yield* parts.splice(0)
    gathered = 0
  }
  yield* parts
  check.end()
}

/** Checks the image data, which comes in pieces cut anywhere. Both methods throw NotWellFormed. */
interface DataCheck {
  take(data: Uint8Array): void
  end(): void
}

/** Yields the chunks as they are in the file, and passes their data to `check`. */
async function* passed(chunks: PngChunkReader, check: DataCheck): AsyncGenerator<Uint8Array> {
  const take = (data: Uint8Array) => check.take(data)
  while ((await chunks.next()) === 'IDAT') {
    yield chunks.header
    while (chunks.remaining > 0) {
      const data = await chunks.readSome(pieceBytes)
      take(data)
      yield data
    }
    yield await chunks.close()
    yield chunks.readRun('IDAT', Number.POSITIVE_INFINITY, take)
  }
}

/** Extends the last part if `part` is directly after it in memory, as when the input comes in large chunks. */
function append(parts: Uint8Array[], part: Uint8Array): void {
  const last = parts.at(-1)
  if (
    last !== undefined &&
    last.buffer === part.buffer &&
    last.byteOffset + last.length === part.byteOffset
  ) {
    parts[parts.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length)
  } else {
    parts.push(part)
  }
}

/** Checks only the start and the size. */
class PlausibleData implements DataCheck {
  readonly #inflated: number
  readonly #start: number[] = []
  #compressed = 0

  constructor(inflated: number) {
    this.#inflated = inflated
  }

  take(data: Uint8Array): void {
    if (this.#start.length < 2) this.#start.push(...data.subarray(0, 2 - this.#start.length))
    this.#compressed += data.length
  }

  end(): void {
    expectZlibHeader(this.#start)
    expectPlausibleSize(this.#compressed, this.#inflated)
  }
}

/** RFC 1950: method 8, a window of at most 32 KiB, no dictionary, correct check bits. */
function expectZlibHeader([method = 0, flags = 0]: readonly number[]): void {
  const isZlib = (method & 0x0f) === 8 && method >> 4 <= 7 && (flags & 0x20) === 0
  if (!isZlib || (method * 256 + flags) % 31 !== 0)
    throw new NotWellFormed('the image data is not a zlib stream')
}

/** At best deflate packs 258 bytes into two bits; at worst it adds the overhead of zlib's deflateBound. */
function expectPlausibleSize(compressed: number, inflated: number): void {
  const least = inflated / 1032
  const most = inflated + inflated / 8 + inflated / 64 + 1024
  if (compressed < least) throw new NotWellFormed(tooShort)
  if (compressed > most) throw new NotWellFormed(tooLong)
}

/** Inflates everything at once: passing data to zlib's thread and back would take as long as a small image. */
class ProvenData implements DataCheck {
  readonly #passes: readonly PngPass[]
  readonly #inflated: number
  readonly #parts: Uint8Array[] = []
  #length = 0

  constructor(passes: readonly PngPass[], inflated: number) {
    this.#passes = passes
    this.#inflated = inflated
  }

  take(data: Uint8Array): void {
    this.#parts.push(data)
    this.#length += data.length
    if (this.#length > mostCompressed(this.#inflated)) throw new NotWellFormed(tooLong)
  }

  end(): void {
    const [first, ...others] = this.#parts
    const isWhole = first && others.length === 0
    const compressed = isWhole ? first : Buffer.concat(this.#parts)
    const inflated = inflateWhole(compressed, this.#inflated)
    if (!isWhole) freeNow(compressed)
    let at = 0
    for (const { rows, rowBytes } of this.#passes) {
      for (let row = 0; row < rows; row += 1, at += 1 + rowBytes) checkFilters.filter(inflated, at)
    }
    // With the byte that was left for a stream that is too long. Small buffers share their memory with others.
    if (inflated.length > Buffer.poolSize) freeNow(new Uint8Array(inflated.buffer))
  }
}
