import { NotWellFormed } from '../not-well-formed.ts'
import type { PngChunkReader } from './chunks.ts'
import { inflatedBytes, type PngHeader, type PngPass, passesOf } from './header.ts'
import { inflatedExactly, isLonger, isShorter, mostCompressed } from './inflate-at-once.ts'
import { checkFilters } from './scanlines.ts'

/**
 * Palette images that inflate to more than this are passed through on their CRCs and the plausibility of their
 * zlib stream alone. Permuting a palette costs nothing, so a full inflation is nearly all of the time: 3 to 5 ns a
 * byte against about 55 in sharp, which is 9 to 18 times as fast at any size, where CRCs alone make it more than
 * 100. So this only says how long a proof may take: 5 ms. What stays unproven above: filter bytes, the exact length,
 * the Adler-32. An accident in storage or transfer still breaks a CRC; a forgery is handed on as it was handed in.
 */
const maxProvenBytes = 1024 * 1024

/** Output is handed on in pieces of at least this size, in larger ones where they lie in the input as they are. */
const pieceBytes = 256 * 1024

/** The run of IDAT chunks that is open in `chunks`, as it is; throws NotWellFormed if it can't be the image's. */
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

/** What is found out about the image data, which comes cut anywhere; both throw NotWellFormed. */
interface DataCheck {
  take(data: Uint8Array): void
  end(): void
}

/** The chunks as they lie in the file; `check` is shown their data. */
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

/** Grows the last part when `part` lies right behind it in memory, as it does where the input comes in large chunks. */
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

/** Looks at the start and the size only. */
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

/** RFC 1950: method 8, a window of 32 KiB at most, no dictionary, the check bits right. */
function expectZlibHeader([method = 0, flags = 0]: readonly number[]): void {
  const isZlib = (method & 0x0f) === 8 && method >> 4 <= 7 && (flags & 0x20) === 0
  if (!isZlib || (method * 256 + flags) % 31 !== 0)
    throw new NotWellFormed('the image data is no zlib stream')
}

/** Deflate packs 258 bytes into two bits at best, and at worst adds what zlib's deflateBound allows for. */
function expectPlausibleSize(compressed: number, inflated: number): void {
  const least = inflated / 1032
  const most = inflated + inflated / 8 + inflated / 64 + 1024
  if (compressed < least) throw new NotWellFormed(isShorter)
  if (compressed > most) throw new NotWellFormed(isLonger)
}

/** Inflates all of it, at once: a stream's hops to zlib's thread and back would take as long as a small image. */
class ProvenData implements DataCheck {
  readonly #passes: readonly PngPass[]
  readonly #inflated: number
  /** Nothing of it is touched needlessly. */
  readonly #compressed: Buffer
  #length = 0

  constructor(passes: readonly PngPass[], inflated: number) {
    this.#passes = passes
    this.#inflated = inflated
    this.#compressed = Buffer.allocUnsafe(mostCompressed(inflated))
  }

  take(data: Uint8Array): void {
    if (this.#length + data.length > this.#compressed.length) throw new NotWellFormed(isLonger)
    this.#compressed.set(data, this.#length)
    this.#length += data.length
  }

  end(): void {
    const inflated = inflatedExactly(this.#compressed.subarray(0, this.#length), this.#inflated)
    let at = 0
    for (const { rows, rowBytes } of this.#passes) {
      for (let row = 0; row < rows; row += 1, at += 1 + rowBytes) checkFilters.filter(inflated, at)
    }
  }
}
