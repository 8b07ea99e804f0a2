import type { ImageHeader } from '@darkroom/image-header'
import type { SharpOptions } from 'sharp'
import { cutJpeg } from '../../permute/jpeg/cut-jpeg.ts'
import { type Divisor, decodeReduced } from '../../permute/jpeg/decode-reduced.ts'
import { followJpeg } from '../../permute/jpeg/follow-jpeg.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import type { Rectangle } from '../../permute/rectangle.ts'
import { inverseOf, isTurned, turnedRectangle, turnOfOrientation } from '../../permute/turn.ts'
import { uprightSize } from '../geometry.ts'
import { encodeSegment } from '../jpeg/segments.ts'
import { expectWhole } from '../mend/expect-whole.ts'
import { exifBytes } from '../metadata/exif.ts'
import { tags } from '../metadata/exif-tags.ts'
import { encodePlainTiff } from '../tiff/plain-tiff.ts'
import { shortsEntry } from '../tiff/tiff-writer.ts'
import type { Call } from './call.ts'
import { hasWholePixels } from './has-whole-pixels.ts'

/** The bytes that sharp reads for a call. */
interface Source {
  bytes: Uint8Array
  call: Call
}

/**
 * The bytes that sharp reads for a call, checked to be complete and undamaged: decoders don't look at rows that are
 * left out. For a JPEG, they may be a part of the file, or the image at a quarter or an eighth of its size. Undefined for
 * a damaged PNG, and for a JPEG whose codes can't be followed: then another way is used, which decodes the whole image and
 * reports the damage.
 *
 * @throws UnusableImage for a damaged JPEG
 */
export function sourceFor(
  call: Call,
  input: Uint8Array,
  header: ImageHeader,
  { options, hasProfile }: { options: SharpOptions; hasProfile: boolean },
): Source | undefined {
  const { cut } = call
  const needsPixelsOnly = options.ignoreIcc === true || !hasProfile
  if (header.format === 'jpeg' && !header.progressive) {
    try {
      if (cut) return partFor(call.checked, cut, input, header, needsPixelsOnly)
      const divisor = divisorFor(call.reduction)
      if (needsPixelsOnly && divisor)
        return {
          bytes: decodeReduced(input, divisor, samples => encodePlainTiff(samples, header.orientation)),
          call: call.checked,
        }
    } catch (error) {
      if (!(error instanceof NotWellFormed)) throw error
    }
  }
  if (expectWhole(input, header) || isReadWhole(header)) return { bytes: input, call: call.checked }
  // Only the decoder can find damage in this JPEG, and at a smaller size, libvips misses its warnings about up to 64 rows.
  if (header.format === 'jpeg') return undefined
  if (!cut && !call.isCutAgain) return { bytes: input, call }
  return hasWholePixels(input) ? { bytes: input, call: call.checked } : undefined
}

/** Whether the decoder reads the whole file before it returns the first row. */
function isReadWhole({ format, progressive }: ImageHeader): boolean {
  return format === 'webp' || format === 'avif' || (format === 'jpeg' && progressive)
}

/**
 * How many times smaller a JPEG is decoded that becomes smaller by `reduction`, as in sharp, which decodes it at an eighth
 * only from 9 times on, and at a quarter from 5. Undefined if sharp decodes it at a larger size.
 */
function divisorFor(reduction: number): Divisor | undefined {
  if (reduction >= 9) return 8
  return reduction >= 5 ? 4 : undefined
}

/**
 * @param canCut whether sharp needs only the pixels of the file: a part has no profile
 * @throws NotWellFormed
 */
function partFor(
  call: Call,
  cut: Rectangle,
  input: Uint8Array,
  header: ImageHeader,
  canCut: boolean,
): Source {
  const turn = turnOfOrientation(header.orientation)
  const stored = turnedRectangle(cut, uprightSize(header), inverseOf(turn))
  const rows = isTurned(turn) ? header.height : stored.top + stored.height
  if (!canCut || stored.width * stored.height > mostCut * header.width * rows) {
    followJpeg(input)
    return { bytes: input, call }
  }
  const { jpeg, window } = cutJpeg(input, stored)
  const bytes = withOrientation(jpeg, header.orientation)
  return { bytes, call: call.within(turnedRectangle(window, header, turn)) }
}

/** Cutting a larger share of the decoded area takes as long as decoding the rest. */
const mostCut = 0.8

/** A JPEG that begins with a JFIF header, with its orientation added as EXIF. */
function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  if (orientation === 1) return jpeg
  const exif = exifBytes({ main: [shortsEntry(tags.orientation, orientation)] })
  const segment = encodeSegment(0xe1, Buffer.from('Exif\0\0'), exif)
  return Buffer.concat([jpeg.subarray(0, jfifEnd), segment, jpeg.subarray(jfifEnd)])
}

/** The end of SOI and a JFIF header without a thumbnail. */
const jfifEnd = 20
