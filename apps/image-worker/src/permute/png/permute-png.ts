import type { ChannelOrder } from '../channel-order.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { PngAncillaryChunks } from './ancillary-chunks.ts'
import { PngAnimation } from './animation.ts'
import { ByteReader } from './byte-reader.ts'
import { encodeChunk, PngChunkReader, pngSignature } from './chunks.ts'
import { parsePngHeader } from './header.ts'
import { permuteImageData } from './image-data.ts'
import { passPaletteImage } from './pass-palette-image.ts'

export interface PermuteOptions {
  /**
   * Keeps texts, times and unknown chunks that are safe to copy; otherwise drops them. Always drops EXIF, XMP and other
   * metadata about the file itself: a caller that needs them must write them again.
   */
  readonly keepMetadata: boolean
  /**
   * Whether an ancillary chunk of a type is dropped if it breaks a rule, instead of throwing. If given, bytes after IEND
   * are dropped, too.
   */
  readonly forgives?: (type: string) => boolean
}

/**
 * Permutes the colour channels of a PNG or APNG without decoding its pixels, exactly: the colour samples in their
 * filtered scanlines, or the palette of palette images; grey images don't change. Bit depth, interlacing, transparency,
 * colour space and animation stay. Memory does not grow with the image: less than 12 MiB.
 *
 * Throws NotWellFormed at any point, even after most of the output, when the file breaks a rule of PNG 3rd edition or
 * its EXIF requires a rotation; the caller must then discard the output. Errors of `input` are passed on unchanged. The
 * chunks of `input` must not be overwritten after they were yielded.
 */
export async function* permutePng(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  order: ChannelOrder,
  options: PermuteOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteReader(input)
  try {
    yield* rewrite(new PngChunkReader(bytes), order, options)
  } finally {
    await bytes.close()
  }
}

async function* rewrite(
  chunks: PngChunkReader,
  order: ChannelOrder,
  { keepMetadata, forgives }: PermuteOptions,
) {
  await chunks.readSignature()
  yield pngSignature.slice()
  if ((await chunks.next()) !== 'IHDR') throw new NotWellFormed('the file does not start with IHDR')
  const headerData = await chunks.readWhole()
  const header = parsePngHeader(headerData)
  yield encodeChunk('IHDR', headerData)

  const animation = new PngAnimation(header)
  const ancillary = new PngAncillaryChunks(header, order, keepMetadata)
  let hasImage = false
  for (let type = await chunks.next(); type !== 'IEND'; type = await chunks.next()) {
    switch (type) {
      case 'IDAT': {
        if (hasImage) throw new NotWellFormed('the image data is interrupted')
        hasImage = true
        ancillary.startImage()
        animation.startImage()
        if (header.colorType === 3) {
          yield* passPaletteImage(chunks, header)
          break
        }
        const pieces = compressedPieces(chunks, 'IDAT')
        for await (const piece of permuteImageData(pieces, header, header, order))
          yield encodeChunk('IDAT', piece)
        break
      }
      case 'fdAT': {
        const size = animation.startFrame()
        const pieces = compressedPieces(chunks, 'fdAT', animation)
        for await (const piece of permuteImageData(pieces, header, size, order)) {
          yield encodeChunk('fdAT', animation.nextSequence(), piece)
        }
        break
      }
      case 'acTL': {
        const data = await chunks.readWhole()
        animation.start(data)
        yield encodeChunk('acTL', data)
        break
      }
      case 'fcTL':
        yield encodeChunk('fcTL', animation.control(await chunks.readWhole()))
        break
      default: {
        const isForgiven = /^[a-z]/.test(type) && forgives?.(type)
        const data = isForgiven
          ? acceptUnlessBroken(ancillary, type, await chunks.readUnlessDamaged())
          : ancillary.accept(type, await chunks.readWhole())
        if (data !== undefined) yield encodeChunk(type, data)
      }
    }
  }
  if (!hasImage) throw new NotWellFormed('the PNG has no image data')
  animation.end()
  const end = await chunks.readWhole()
  if (end.length > 0) throw new NotWellFormed('IEND is not empty')
  if (!forgives) await chunks.expectEnd()
  yield encodeChunk('IEND')
}

function acceptUnlessBroken(
  ancillary: PngAncillaryChunks,
  type: string,
  data: Buffer | undefined,
): Uint8Array | undefined {
  try {
    return data && ancillary.accept(type, data)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/** Compressed bytes are passed on in pieces of this size, because files often have one small chunk for each row. */
const pieceBytes = 256 * 1024

/** The data of a run of chunks of one type, joined; without the sequence numbers, which `animation` checks. */
async function* compressedPieces(
  chunks: PngChunkReader,
  type: 'IDAT' | 'fdAT',
  animation?: PngAnimation,
): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  const take = (part: Uint8Array) => {
    parts.push(part)
    length += part.length
  }
  const joined = () => {
    length = 0
    return Buffer.concat(parts.splice(0))
  }
  while ((await chunks.next()) === type) {
    animation?.checkSequence(await chunks.read(4))
    while (chunks.remaining > 0) {
      take(await chunks.readSome(pieceBytes - length))
      if (length === pieceBytes) yield joined()
    }
    await chunks.close()
    if (type === 'IDAT') chunks.readRun(type, pieceBytes - length, take)
    if (length === pieceBytes) yield joined()
  }
  if (length > 0) yield joined()
}
