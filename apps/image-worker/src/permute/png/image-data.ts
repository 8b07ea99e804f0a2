import type { ChannelOrder } from '../channel-order.ts'
import { deflateScanlines, partBytes } from './deflate-scanlines.ts'
import { deflateSmall } from './deflate-small.ts'
import { bitsPerPixel, inflatedBytes, type PngHeader, passesOf } from './header.ts'
import { inflateJoined, inflatePieces } from './inflate-pieces.ts'
import { checkFilters, type ScanlineVisitor, ScanlineWalk, SubFilter, scanlinePermuter } from './scanlines.ts'

/**
 * Permutes the zlib stream of one image (or animation frame) of the given size, piece by piece. Takes the memory of a
 * few blocks, however large the image. Throws NotWellFormed at any point.
 */
export function permuteImageData(
  pieces: AsyncIterable<Uint8Array>,
  header: PngHeader,
  size: { readonly width: number; readonly height: number },
  order: ChannelOrder,
): AsyncIterable<Uint8Array> {
  const passes = passesOf(header, size.width, size.height)
  const length = inflatedBytes(passes)
  const hasColorSamples = header.colorType === 2 || header.colorType === 6
  if (!hasColorSamples || order === 'rgb') return passProven(pieces, length, new ScanlineWalk(passes, 1))
  const pixelBytes = bitsPerPixel(header) / 8
  const walk = new ScanlineWalk(passes, pixelBytes)
  const permuter = scanlinePermuter(header, order)
  const subFilter = new SubFilter(pixelBytes)
  if (length <= partBytes) return permuteSmall(pieces, length, walk, permuter, subFilter)
  return deflateScanlines(inflatePieces(pieces, length), walk, permuter, subFilter)
}

async function* permuteSmall(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  walk: ScanlineWalk,
  permuter: ScanlineVisitor,
  subFilter: SubFilter,
): AsyncGenerator<Uint8Array> {
  const { inflated, compressed } = await inflateJoined(pieces, length)
  walk.clone().visit(inflated, permuter)
  yield deflateSmall(inflated, walk, subFilter, compressed)
}

/** Passes the compressed pieces on unchanged, and inflates them to the last byte to check them. */
async function* passProven(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  walk: ScanlineWalk,
): AsyncGenerator<Uint8Array> {
  const passed: Uint8Array[] = []
  async function* noted() {
    for await (const piece of pieces) {
      passed.push(piece)
      yield piece
    }
  }
  for await (const block of inflatePieces(noted(), length)) {
    walk.visit(block, checkFilters)
    yield* passed.splice(0)
  }
  yield* passed
}
