import { promisify } from 'node:util'
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib'

/**
 * Most files were made with level 6. Level 4 takes a third of the time and makes drawings up to 30 % larger. The output
 * ends with a whole byte, and doesn't end the stream.
 */
const options = {
  level: 6,
  memLevel: 9,
  chunkSize: 64 * 1024,
  finishFlush: constants.Z_SYNC_FLUSH,
} satisfies ZlibOptions
/**
 * The lowest level with lazy matching. At level 6, a trial finds matches in photographs that aren't worth their time.
 */
const trialOptions: ZlibOptions = { ...options, level: 4 }
const deflate = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw)

/** The largest distance of a match. */
const windowBytes = 32 * 1024

/** The number of parts that are compressed at once: enough to make zlib's setup time negligible. */
const partsAtOnce = 8

/** zlib's deflate, on libuv's threads. Its results, one after the other, are a part of one stream. */
export class MatchesDeflater {
  /** Reused for the next parts, because large garbage is costly. */
  #bytes = new Uint8Array(0)
  #length = 0
  #parts = 0
  #window = new Uint8Array(0)
  #compressed: Promise<Uint8Array> | undefined

  /** The approximate length of the compressed bytes, computed on this thread. For small inputs. */
  static lengthOf(bytes: Uint8Array): number {
    // zlib allocates whole chunks.
    const chunkSize = Math.max(1024, Math.min(bytes.length, options.chunkSize))
    return deflateRawSync(bytes, { ...trialOptions, chunkSize }).length
  }

  /** Waits for the parts that are being compressed, and returns the result. No part may be added while it waits. */
  async take(): Promise<Uint8Array[]> {
    const compressed = await this.#compressed
    this.#compressed = undefined
    return compressed === undefined ? [] : [compressed]
  }

  /** Copies a part: 128 KiB or the last. A pixel that crosses the boundary may make it some bytes longer. */
  add(part: Uint8Array): void {
    if (this.#length + part.length > this.#bytes.length) {
      const bytes = new Uint8Array(this.#parts === 0 ? part.length : partsAtOnce * (this.#length + 8))
      bytes.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = bytes
    }
    this.#bytes.set(part, this.#length)
    this.#length += part.length
    this.#parts += 1
    if (this.#parts === partsAtOnce) this.#compress()
  }

  /** Returns the rest. */
  async end(): Promise<Uint8Array[]> {
    const taken = await this.take()
    if (this.#length > 0) this.#compress()
    return [...taken, ...(await this.take())]
  }

  #compress(): void {
    const bytes = this.#bytes.subarray(0, this.#length)
    const chunkSize = Math.max(1024, Math.min(bytes.length, options.chunkSize))
    this.#compressed = deflate(bytes, { ...options, chunkSize, dictionary: this.#window })
    // `take` awaits it later, or it is abandoned.
    this.#compressed.catch(() => {})
    this.#window = bytes.slice(-windowBytes)
    this.#length = 0
    this.#parts = 0
  }
}
