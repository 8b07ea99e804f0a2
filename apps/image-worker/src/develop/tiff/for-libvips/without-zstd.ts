import { deflateSync, zstdDecompressSync } from 'node:zlib'
import type { ImageHeader } from '@darkroom/image-header'
import { UnusableImage } from '../../unusable-image.ts'
import { overwriteNumbers } from '../edit-tiff.ts'
import type { TiffEntry } from '../tiff-directory.ts'
import { compressions, entryOf, numbersOfTag, pageTags, tiffPages } from '../tiff-page.ts'
import { lowBitFirst, mostPadding, reversed } from './segments.ts'
import { isUnwritten } from './unwritten-segments.ts'

/**
 * A TIFF whose pixels are deflated where they were compressed with Zstandard, which libvips can't unpack; the file itself
 * if it has no such pixels. The new pixels are at the end, and nothing else moves. Awaits `reserve` before it takes memory.
 *
 * @throws UnusableImage when the pixels are damaged, or unpack to far more than the header declares
 */
export async function withoutZstd(
  tiff: Uint8Array,
  { unpackedBytes }: Pick<ImageHeader, 'unpackedBytes'>,
  reserve: (bytes: number) => Promise<void>,
): Promise<Uint8Array> {
  const pages = tiffPages(tiff).filter(({ compression }) => compression === compressions.zstd)
  if (pages.length === 0) return tiff
  const mostBytes = 2 * unpackedBytes + mostPadding
  await reserve(mostBytes + tiff.length)
  const file = Buffer.from(tiff)
  const added: Uint8Array[] = []
  let [end, bytesLeft] = [file.length, mostBytes]
  for (const page of pages) {
    const [fillOrder] = numbersOfTag(page, pageTags.fillOrder)
    const segments = page.segments.map(written => {
      if (isUnwritten(written)) return written
      const { at, bytes } = written
      const packed = tiff.subarray(at, at + bytes)
      const pixels = unpack(fillOrder === lowBitFirst ? reversed(packed) : packed, bytesLeft)
      bytesLeft -= pixels.length
      // Segments begin at even positions (TIFF 6.0, section 2).
      const deflated = deflateSync(pixels, { level: 1 })
      const segment = { at: end + (end % 2), bytes: deflated.length }
      added.push(new Uint8Array(end % 2), deflated)
      end = segment.at + segment.bytes
      return segment
    })
    const [offsets, byteCounts] = page.isTiled
      ? [pageTags.tileOffsets, pageTags.tileByteCounts]
      : [pageTags.stripOffsets, pageTags.stripByteCounts]
    write(file, entryOf(page, pageTags.compression), [compressions.deflate])
    write(file, entryOf(page, pageTags.fillOrder), [1])
    const [positions, lengths] = [segments.map(({ at }) => at), segments.map(({ bytes }) => bytes)]
    write(file, entryOf(page, offsets), positions)
    write(file, entryOf(page, byteCounts), lengths)
  }
  return Buffer.concat([file, ...added])
}

function unpack(packed: Uint8Array, most: number): Uint8Array {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: Math.max(most, 1) })
  } catch (error) {
    const words = 'the pixels of a TIFF page cannot be unpacked with Zstandard'
    throw new UnusableImage('undecodable-image', words, { cause: error })
  }
}

/** @throws UnusableImage for a number that the type of the entry can't hold */
function write(file: Buffer, entry: TiffEntry | undefined, numbers: readonly number[]): void {
  if (!entry) return
  const limit = 2 ** ((8 * entry.value.length) / entry.count)
  if (numbers.some(number => number >= limit))
    throw new UnusableImage(
      'unsupported-image',
      'the directory of the TIFF has no room for the positions of the unpacked pixels: save the TIFF with Deflate',
    )
  overwriteNumbers(file, entry, numbers)
}
