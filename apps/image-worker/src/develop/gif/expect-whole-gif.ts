import { expectGifPixels } from '../../permute/gif/pixels.ts'
import { CutOff, NotWellFormed } from '../../permute/not-well-formed.ts'
import { UnusableImage } from '../unusable-image.ts'
import { gifBlocks } from './gif-blocks.ts'

const trailer = Uint8Array.of(0x3b)

/**
 * Checks that a GIF isn't cut off, and that no frame has fewer pixels than its size: libnsgif leaves out such frames, or the
 * rest of their pixels. Only the trailer may be missing, because then nothing else is missing. All other damage is left to
 * the decoder.
 *
 * @throws UnusableImage
 */
export function expectWholeGif(gif: Uint8Array): void {
  const missing = missingPart(gif) && missingPart(Buffer.concat([gif, trailer]))
  if (missing) throw new UnusableImage('undecodable-image', `the GIF is cut off or damaged: ${missing}`)
}

/** In words; undefined if nothing is missing. */
function missingPart(gif: Uint8Array): string | undefined {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  let pixels = 0
  try {
    for (const { kind, at, end } of gifBlocks(gif)) {
      if (kind === 'image') pixels = bytes.readUInt16LE(at + 5) * bytes.readUInt16LE(at + 7)
      if (kind === 'pixels') expectPixels(bytes.subarray(at, end), pixels)
    }
    return undefined
  } catch (error) {
    if (error instanceof CutOff) return error.message
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

function expectPixels(coded: Uint8Array, pixels: number): void {
  const [codeBits = 0] = coded
  // The decoder refuses other sizes.
  if (codeBits < 2 || codeBits > 8) return
  try {
    expectGifPixels(codeBits, coded.subarray(1, -1), pixels)
  } catch (error) {
    if (error instanceof CutOff || !(error instanceof NotWellFormed)) throw error
  }
}
