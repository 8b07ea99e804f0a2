import { promisify } from 'node:util'
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib'
import { type DeflateKernel, deflateKernel } from './deflate-kernel.ts'
import { checkFilters, inTurn, type ScanlineVisitor, type ScanlineWalk, type SubFilter } from './scanlines.ts'

/**
 * How scanlines are compressed; a trial chooses what suits the image:
 *
 * - runs: rows that have no filter get Sub; our own deflate gives frequent bytes short codes and finds runs of one
 *   byte (../../assembly/deflate.ts). Filtered photographs have hardly anything else to gain.
 * - matches: rows stay as they are, zlib's level 4, which takes about six times as long. For drawings and
 *   screenshots, whose repetition lies further apart; level 4 is the lowest that looks twice, at the speed of level 3
 *   and 3 to 8 % smaller.
 */
type Way = 'runs' | 'matches'

/** The way is chosen anew this often, since a photograph's sky says nothing about the meadow below it. */
const trialEveryBytes = 2 * 1024 * 1024

/** A trial costs about half a millisecond. */
const trialBytes = 32 * 1024

/**
 * By what factor the result of 'runs' may be larger. What deflate finds as 'matches' is about what it found in the
 * input: that is not to be exceeded by more than a few percent.
 */
const allowance = 1.03

/** The output ends with a whole byte, and isn't the stream's end. */
const matchesOptions: ZlibOptions = {
  level: 4,
  memLevel: 9,
  chunkSize: 64 * 1024,
  finishFlush: constants.Z_SYNC_FLUSH,
}
const deflateMatches = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw)

/** How far back a match may lie. */
const windowBytes = 32 * 1024

/** What is compressed by runs at once. It gets codes of its own, some 80 bytes; more at once gains nothing. */
const partBytes = 128 * 1024

/** Pieces of the result are joined until they are this long. */
const pieceBytes = 64 * 1024

/** What a zlib stream starts with (RFC 1950, 2.2): deflate, a window of 32 KiB, a fast compressor. */
const zlibHeader = Uint8Array.of(0x78, 0x5e)

/** An empty block that is the stream's last (RFC 1951, 3.2.3). */
const lastBlock = Uint8Array.of(0x03, 0x00)

/**
 * Permutes inflated scanlines and compresses them into one zlib stream; gives its bytes in pieces. The blocks may be
 * cut anywhere; `walk` and the visitors are at the start of the first.
 */
export async function* deflateScanlines(
  blocks: AsyncIterable<Uint8Array>,
  walk: ScanlineWalk,
  permuter: ScanlineVisitor,
  subFilter: SubFilter,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const part of compress(blocks, walk, permuter, subFilter)) {
    parts.push(part)
    length += part.length
    if (length < pieceBytes) continue
    yield parts.length === 1 ? part : Buffer.concat(parts)
    parts = []
    length = 0
  }
  yield Buffer.concat(parts)
}

async function* compress(
  blocks: AsyncIterable<Uint8Array>,
  walk: ScanlineWalk,
  permuter: ScanlineVisitor,
  subFilter: SubFilter,
): AsyncGenerator<Uint8Array> {
  const kernel = deflateKernel()
  const visitor = inTurn(permuter, subFilter)
  let sum = 1
  let way: Way = 'matches'
  let sinceTrial = trialEveryBytes
  /** The start of a pixel that ends in the next part. */
  let rest = new Uint8Array(0)
  /** What zlib compresses while the next block is inflated; reused, since each new one would be costly garbage. */
  let matched = new Uint8Array(0)
  let matches: Promise<Uint8Array> | undefined
  let window = new Uint8Array(0)
  yield zlibHeader
  try {
    for await (const block of blocks) {
      if (sinceTrial >= trialEveryBytes) {
        way = chooseWay(kernel, Buffer.concat([rest, block]), walk, subFilter)
        subFilter.isOn = way === 'runs'
        sinceTrial = 0
      }
      sinceTrial += block.length
      if (matches !== undefined) yield await matches
      matches = undefined
      const most = rest.length + block.length
      if (way === 'matches' && matched.length < most) matched = new Uint8Array(most)
      const runs: Uint8Array[] = []
      let length = 0
      for (const part of evenParts(block)) {
        const filled = kernel.fill(rest, part)
        const pixels = filled.subarray(0, walk.visit(filled, visitor))
        rest = filled.slice(pixels.length)
        sum = kernel.adler32(pixels.length, sum)
        if (way === 'runs') runs.push(kernel.deflate(pixels.length))
        else matched.set(pixels, length)
        length += pixels.length
      }
      yield* runs
      if (way === 'matches') {
        const scanlines = matched.subarray(0, length)
        matches = deflateMatches(scanlines, { ...matchesOptions, dictionary: window })
        window = scanlines.slice(-windowBytes)
      } else window = new Uint8Array(0)
    }
    if (matches !== undefined) yield await matches
  } finally {
    // Whoever is here early has its own reason to throw.
    matches?.catch(() => {})
  }
  const trailer = Buffer.alloc(lastBlock.length + 4)
  trailer.set(lastBlock)
  trailer.writeUInt32BE(sum, lastBlock.length)
  yield trailer
}

/**
 * Tries both ways on rows of the middle of `bytes`, since the first ones of an image are often of one colour.
 * `walk` and `subFilter` are at the start of `bytes`.
 */
function chooseWay(kernel: DeflateKernel, bytes: Uint8Array, walk: ScanlineWalk, subFilter: SubFilter): Way {
  const trialWalk = walk.clone()
  const trialFilter = subFilter.clone()
  trialFilter.isOn = true
  let start = 0
  if (bytes.length > 2 * trialBytes) {
    start = trialWalk.visit(bytes.subarray(0, bytes.length >> 1), checkFilters)
    // A row that has begun keeps its filter, and the next one tells; unless it is too far away.
    const rowStart = start + trialWalk.left
    if (rowStart + trialBytes <= bytes.length) {
      start += trialWalk.visit(bytes.subarray(start, rowStart), checkFilters)
    }
  }
  const sample = bytes.subarray(start, start + trialBytes)
  trialWalk.visit(kernel.fill(sample), trialFilter)
  const runs = kernel.deflate(sample.length)
  const matches = deflateRawSync(sample, matchesOptions)
  return runs.length <= matches.length * allowance ? 'runs' : 'matches'
}

function* evenParts(block: Uint8Array): Generator<Uint8Array> {
  const count = Math.ceil(block.length / partBytes)
  for (let part = 0; part < count; part += 1) {
    const [start = 0, end] = [part, part + 1].map(edge => Math.floor((block.length * edge) / count))
    yield block.subarray(start, end)
  }
}
