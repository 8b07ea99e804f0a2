import { type DeflateKernel, deflateKernel } from './deflate-kernel.ts'
import { MatchesDeflater } from './matches-deflater.ts'
import { checkFilters, inTurn, type ScanlineVisitor, type ScanlineWalk, type SubFilter } from './scanlines.ts'

/**
 * How scanlines are compressed; a trial chooses what suits the image:
 *
 * - runs: unfiltered rows get the filter Sub; our own deflate gives frequent bytes short codes and finds runs of one
 *   byte (../../assembly/deflate.ts). Filtered photographs have hardly anything else to gain.
 * - matches: rows stay unchanged, and zlib takes five to twenty times as long. For drawings and screenshots, whose
 *   repetitions are further apart.
 */
type Way = 'runs' | 'matches'

/**
 * The part that is permuted and compressed by runs at once. Each gets its own codes, of about 80 bytes; larger parts gain
 * nothing.
 */
export const partBytes = 128 * 1024

/** The choice is repeated every 2 MiB, because the sky of a photograph may differ from the meadow below it. */
const partsPerTrial = 16

/** A trial costs about half a millisecond. */
const trialBytes = 32 * 1024

/**
 * The result of `runs` may be larger than the result of `matches` by this factor. zlib finds about the same matches as the
 * encoder of the input, so the result exceeds the input by only a few percent.
 */
export const allowance = 1.03

/** Pieces of the result are joined until they are this long. */
const pieceBytes = 64 * 1024

/** The start of a zlib stream (RFC 1950, 2.2): deflate, a window of 32 KiB, a fast compressor. */
export const zlibHeader = Uint8Array.of(0x78, 0x5e)

/** The end of a zlib stream with this Adler-32: an empty block that is marked as the last (RFC 1951, 3.2.3), and the sum. */
export function zlibTrailer(sum: number): Uint8Array {
  const trailer = Buffer.of(0x03, 0x00, 0, 0, 0, 0)
  trailer.writeUInt32BE(sum, 2)
  return trailer
}

/**
 * Permutes inflated scanlines and compresses them into one zlib stream, which it yields in pieces. The blocks may be
 * cut anywhere without changing the result. `walk` and the visitors are at the start of the first block.
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
  let count = 0
  /** The start of a pixel that ends in the next part. */
  let rest = new Uint8Array(0)
  let matches: MatchesDeflater | undefined
  yield zlibHeader
  for await (const part of evenParts(blocks)) {
    const isTried = count % partsPerTrial === 0
    count += 1
    if (matches !== undefined) yield* await (isTried ? matches.end() : matches.take())
    if (isTried) {
      const way = chooseWay(kernel, Buffer.concat([rest, part]), walk, subFilter)
      subFilter.isOn = way === 'runs'
      matches = way === 'matches' ? new MatchesDeflater() : undefined
    }
    const filled = kernel.fill(rest, part)
    const pixels = filled.subarray(0, walk.visit(filled, visitor))
    rest = filled.slice(pixels.length)
    sum = kernel.adler32(pixels.length, sum)
    if (matches === undefined) yield kernel.deflate(pixels.length)
    else matches.add(pixels)
  }
  if (matches !== undefined) yield* await matches.end()
  yield zlibTrailer(sum)
}

/** Whether `runs` suits the rows in the middle of `bytes`. `walk` and `subFilter` are at the start of `bytes`. */
export function suitsRuns(bytes: Uint8Array, walk: ScanlineWalk, subFilter: SubFilter): boolean {
  return chooseWay(deflateKernel(), bytes, walk, subFilter) === 'runs'
}

/**
 * Tries both ways on rows in the middle of `bytes`, because the first rows of an image often have a single colour.
 * `walk` and `subFilter` are at the start of `bytes`.
 */
function chooseWay(kernel: DeflateKernel, bytes: Uint8Array, walk: ScanlineWalk, subFilter: SubFilter): Way {
  const trialWalk = walk.clone()
  const trialFilter = subFilter.clone()
  trialFilter.isOn = true
  let start = 0
  if (bytes.length > 2 * trialBytes) {
    start = trialWalk.visit(bytes.subarray(0, bytes.length >> 1), checkFilters)
    // A row that has begun keeps its filter, so the trial starts at the next row unless that is too far away.
    const rowStart = start + trialWalk.left
    if (rowStart + trialBytes <= bytes.length) {
      start += trialWalk.visit(bytes.subarray(start, rowStart), checkFilters)
    }
  }
  const sample = bytes.subarray(start, start + trialBytes)
  trialWalk.visit(kernel.fill(sample), trialFilter)
  const runs = kernel.deflate(sample.length).length
  return runs <= MatchesDeflater.lengthOf(sample) * allowance ? 'runs' : 'matches'
}

/** Memory of parts that are not in use. Allocating it for each small image would keep the garbage collector busy. */
let idlePart: Uint8Array | undefined

/** The same bytes in parts of one length, except for the last. Each part is overwritten when the next is requested. */
async function* evenParts(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held = idlePart ?? new Uint8Array(partBytes)
  idlePart = undefined
  try {
    yield* fillParts(blocks, held)
  } finally {
    idlePart = held
  }
}

async function* fillParts(blocks: AsyncIterable<Uint8Array>, held: Uint8Array): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const block of blocks) {
    for (let at = 0; at < block.length; ) {
      const piece = block.subarray(at, at + partBytes - length)
      at += piece.length
      if (piece.length === partBytes) yield piece
      else {
        held.set(piece, length)
        length += piece.length
        if (length === partBytes) yield held
        length %= partBytes
      }
    }
  }
  if (length > 0) yield held.subarray(0, length)
}
