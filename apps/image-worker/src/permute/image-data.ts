import type { ChannelOrder } from './channel-order.ts'
import { deflateScanlines } from './deflate-scanlines.ts'
import { inflateExactly } from './inflate-exactly.ts'
import { bitsPerPixel, inflatedBytes, type PngHeader, passesOf } from './png-header.ts'
import { checkFilters, ScanlineWalk, SubFilter, scanlinePermuter } from './scanlines.ts'

/**
 * The zlib stream of one image (or animation frame) of the given size, permuted: pieces in, pieces out. Memory is
 * a few blocks, however large the image. Throws NotWellFormed at any point.
 */
export function permuteImageData(
  pieces: AsyncIterable<Uint8Array>,
  header: PngHeader,
  size: { readonly width: number; readonly height: number },
  order: ChannelOrder,
): AsyncIterable<Uint8Array> {
  const passes = passesOf(header, size.width, size.height)
  const length = inflatedBytes(passes)
  // Of an interlaced image the last pass, which is half of it.
  const rowBytes = 1 + (passes.at(-1)?.rowBytes ?? 0)
  const hasColorSamples = header.colorType === 2 || header.colorType === 6
  if (hasColorSamples && order !== 'rgb') {
    const pixelBytes = bitsPerPixel(header) / 8
    const walk = () => new ScanlineWalk(passes, pixelBytes)
    const permuted = permuteBlocks(inflateExactly(pieces, length, rowBytes), walk(), header, order)
    return deflateScanlines(permuted, walk(), new SubFilter(pixelBytes))
  }
  return passProven(pieces, length, rowBytes, new ScanlineWalk(passes, 1))
}

/** Permutes inflated blocks in place; cuts them anew so that each ends with a whole pixel. */
async function* permuteBlocks(
  blocks: AsyncIterable<Uint8Array>,
  walk: ScanlineWalk,
  header: PngHeader,
  order: ChannelOrder,
): AsyncGenerator<Uint8Array> {
  const permuter = scanlinePermuter(header, order)
  let rest = new Uint8Array(0)
  for await (const block of blocks) {
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
    const whole = walk.visit(bytes, permuter)
    rest = new Uint8Array(bytes.subarray(whole))
    if (whole > 0) yield bytes.subarray(0, whole)
  }
}

/** The compressed pieces as they are, while their inflation is followed to the last byte. */
async function* passProven(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  rowBytes: number,
  walk: ScanlineWalk,
): AsyncGenerator<Uint8Array> {
  const passed: Uint8Array[] = []
  async function* noted() {
    for await (const piece of pieces) {
      passed.push(piece)
      yield piece
    }
  }
  for await (const block of inflateExactly(noted(), length, rowBytes)) {
    walk.visit(block, checkFilters)
    yield* passed.splice(0)
  }
  yield* passed
}
