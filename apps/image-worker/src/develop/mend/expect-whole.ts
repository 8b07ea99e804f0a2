import type { ImageHeader } from '@darkroom/image-header'
import { followJpeg } from '../../permute/jpeg/follow-jpeg.ts'
import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { DamagedScan, NotWellFormed } from '../../permute/not-well-formed.ts'
import { expectWholeGif } from '../gif/expect-whole-gif.ts'
import { segmentsOf } from '../jpeg/segments.ts'
import { jpegsInTiff } from '../tiff/jpegs-in-tiff.ts'
import { UnusableImage } from '../unusable-image.ts'
import { hasEnd } from './has-end.ts'
import { followScans } from './mend-jpeg.ts'

/**
 * Checks that the codes of a JPEG, or of the JPEGs in a TIFF, are complete and undamaged, and that a GIF isn't cut off.
 * libvips misses warnings about the last rows it decodes (the last 8, or 64 when it decodes at a smaller size) and about
 * tiles.
 *
 * Some JPEGs are only checked for a missing end, and the decoder must find all other damage: progressive JPEGs, because
 * libjpeg reads all their scans before it returns the first row, and following them as well would take as long again;
 * JPEGs with arithmetic or lossless coding; and JPEGs without Huffman tables.
 *
 * @returns whether all data of the pixels were checked, as they are for most JPEGs
 * @throws UnusableImage
 */
export function expectWhole(input: Uint8Array, header: Pick<ImageHeader, 'format' | 'progressive'>): boolean {
  const { format, progressive } = header
  if (format === 'jpeg') {
    if (!progressive && (isFollowed(input) || expectWholeScans(input))) return true
    expectEnd(input)
  }
  if (format === 'gif') expectWholeGif(input)
  if (format === 'tiff')
    for (const { jpeg, tables } of jpegsInTiff(input) ?? []) expectWholeScans(jpeg, tables)
  return false
}

/**
 * Whether a JPEG has codes that `expectWhole` can follow: DCT coefficients in Huffman codes, and the tables for them.
 * In other JPEGs, only the decoder can find damage.
 */
export function canBeFollowed(jpeg: Uint8Array): boolean {
  const found = Array.from(segmentsOf(jpeg), ({ marker }) => marker)
  const { baselineFrame, extendedFrame, progressiveFrame, huffmanTables } = markers
  const frames: readonly number[] = [baselineFrame, extendedFrame, progressiveFrame]
  return found.includes(huffmanTables) && found.some(marker => frames.includes(marker))
}

/** Whether all codes were followed. */
function expectWholeScans(jpeg: Uint8Array, tables?: Uint8Array): boolean {
  try {
    return followScans(jpeg, tables)
  } catch (cause) {
    if (!(cause instanceof NotWellFormed)) throw cause
    if (!(cause instanceof DamagedScan)) return false
    throw new UnusableImage('undecodable-image', `the JPEG is cut off or damaged: ${cause.message}`, {
      cause,
    })
  }
}

function expectEnd(jpeg: Uint8Array): void {
  if (!hasEnd(jpeg)) throw new UnusableImage('undecodable-image', 'the JPEG is cut off: it has no end')
}

/** Whether the quick check finds no error, as in most JPEGs. */
function isFollowed(jpeg: Uint8Array): boolean {
  try {
    followJpeg(jpeg)
    return true
  } catch (error) {
    if (error instanceof NotWellFormed) return false
    throw error
  }
}
