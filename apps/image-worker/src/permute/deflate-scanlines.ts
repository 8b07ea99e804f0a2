import { once } from 'node:events'
import { constants, createDeflate, deflateRawSync } from 'node:zlib'
import type { ScanlineWalk, SubFilter } from './scanlines.ts'

/**
 * How scanlines are compressed. Node's zlib is by far the largest cost of a permutation, so a trial chooses which
 * way suits the image, fastest first (bench/permute.ts has the numbers):
 *
 * - symbols: rows that have no filter get Sub; deflate looks for no repetition, it only gives frequent bytes short
 *   codes. Filtered photographs have hardly anything else to gain.
 * - runs: the same, but runs of one byte are found.
 * - matches: rows stay as they are, level 4. For drawings and screenshots, whose repetition lies further apart;
 *   level 4 is the lowest that looks twice, at the speed of level 3 and 3 to 8 % smaller.
 */
const ways = {
  symbols: { level: 6, strategy: constants.Z_HUFFMAN_ONLY, subtracts: true },
  runs: { level: 6, strategy: constants.Z_RLE, subtracts: true },
  matches: { level: 4, strategy: constants.Z_DEFAULT_STRATEGY, subtracts: false },
} as const

type Way = keyof typeof ways

/** The way is chosen anew this often, since a photograph's sky says nothing about the meadow below it. */
const trialEveryBytes = 2 * 1024 * 1024

/** A trial costs about 0.9 ms. */
const trialBytes = 32 * 1024

/**
 * Each way takes about two thirds of the next one's time, so its result may be this much larger. What deflate finds
 * as 'matches' is about what it found in the input: that is not to be exceeded by more than a few percent.
 */
const allowance = 1.03
const allowanceForSymbols = 1.12

const memLevel = 9

/**
 * Compresses permuted scanlines into one zlib stream; gives its bytes in pieces. `walk` and `subFilter` are at the
 * start of the first block, each block ends with a whole pixel. A block may be changed in place.
 */
export async function* deflateScanlines(
  blocks: AsyncIterable<Uint8Array>,
  walk: ScanlineWalk,
  subFilter: SubFilter,
): AsyncGenerator<Uint8Array> {
  let deflater: Deflater | undefined
  let compressed: Promise<Uint8Array[]> | undefined
  let sinceTrial = 0
  try {
    for await (const block of blocks) {
      const isTried = deflater === undefined || sinceTrial >= trialEveryBytes
      const way = isTried ? chooseWay(block, walk, subFilter) : undefined
      sinceTrial = isTried ? block.length : sinceTrial + block.length
      if (way !== undefined) subFilter.isOn = ways[way].subtracts
      walk.visit(block, subFilter)
      // The block before was compressed meanwhile, and the block after is inflated while this one is compressed.
      if (compressed !== undefined) yield* await compressed
      if (deflater === undefined) deflater = new Deflater(way ?? 'matches')
      else if (way !== undefined) await deflater.change(way)
      compressed = deflater.write(block)
    }
    if (compressed !== undefined) yield* await compressed
    if (deflater !== undefined) yield* await deflater.end()
  } finally {
    // Whoever is here early has its own reason to throw: that the write is cut off is no news.
    compressed?.catch(() => {})
    deflater?.close()
  }
}

function chooseWay(block: Uint8Array, walk: ScanlineWalk, subFilter: SubFilter): Way {
  const sample = block.subarray(0, trialBytes)
  const subtracted = new Uint8Array(sample)
  const trialFilter = subFilter.clone()
  trialFilter.isOn = true
  walk.clone().visit(subtracted, trialFilter)
  const tried = (way: Way, scanlines: Uint8Array) =>
    deflateRawSync(scanlines, { memLevel, ...ways[way] }).length
  const symbols = tried('symbols', subtracted)
  const runs = tried('runs', subtracted)
  const matches = tried('matches', sample)
  if (symbols <= runs * allowanceForSymbols && symbols <= matches * allowance) return 'symbols'
  return runs <= matches * allowance ? 'runs' : 'matches'
}

/** zlib's deflate stream, written block by block: it compresses on its own thread while the next block inflates. */
class Deflater {
  readonly #stream
  #compressed: Uint8Array[] = []

  constructor(way: Way) {
    this.#stream = createDeflate({ memLevel, chunkSize: 256 * 1024, ...ways[way] })
    this.#stream.on('data', (data: Uint8Array) => this.#compressed.push(data))
    // Errors come out of write() and end().
    this.#stream.on('error', () => {})
  }

  async change(way: Way): Promise<void> {
    const { level, strategy } = ways[way]
    await new Promise<void>(resolve => this.#stream.params(level, strategy, () => resolve()))
  }

  /** What came out of the stream so far, if it is much. Deflate never gives much more than it was given. */
  async write(block: Uint8Array): Promise<Uint8Array[]> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(block, error => (error ? reject(error) : resolve()))
    })
    return this.#take(64 * 1024)
  }

  async end(): Promise<Uint8Array[]> {
    const ended = once(this.#stream, 'end')
    this.#stream.end()
    await ended
    return this.#take(1)
  }

  close(): void {
    this.#stream.destroy()
  }

  #take(least: number): Uint8Array[] {
    const joined = Buffer.concat(this.#compressed)
    this.#compressed = joined.length < least ? [joined] : []
    return joined.length < least ? [] : [joined]
  }
}
