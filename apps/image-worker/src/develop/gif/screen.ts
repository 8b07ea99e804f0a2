import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { type Raster, withAlpha } from '../raster.ts'
import { type GifBlock, gifBlocks } from './gif-blocks.ts'

/**
 * Whether libvips would show parts of the screen that no frame covers as black: the first frame leaves them out, or is
 * removed again, and no frame has a transparent colour. Browsers show such parts as transparent.
 */
export function showsBlackScreen(gif: Uint8Array, hasAlpha: boolean): boolean {
  if (hasAlpha) return false
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  const numbersAt = (at: number) => [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)] as const
  let disposal = 0
  for (const { kind, at } of blocksUntilDamage(gif)) {
    if (kind === 'control') disposal = ((bytes[at + 3] ?? 0) >> 2) & 7
    if (kind !== 'image') continue
    const [[left, top], [width, height]] = [numbersAt(at + 1), numbersAt(at + 5)]
    const [screenWidth, screenHeight] = numbersAt(6)
    const isWhole = left === 0 && top === 0 && width >= screenWidth && height >= screenHeight
    return !isWhole || disposal === restorePrevious
  }
  return false
}

/** GIF 89a, section 23: after the frame, the screen looks as it did before it. */
const restorePrevious = 3

/** The GIF with white frames on a black screen. */
export function inBlackAndWhite(gif: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let last = 0
  for (const { kind, at, end } of blocksUntilDamage(gif)) {
    if (kind !== 'table' && kind !== 'image') continue
    const isOfScreen = kind === 'table' && last === 0
    parts.push(gif.subarray(last, at))
    if (isOfScreen) parts.push(new Uint8Array(end - at))
    else if (kind === 'image') parts.push(...whiteFrame(gif.subarray(at, end)))
    last = end
  }
  return Buffer.concat([...parts, gif.subarray(last)])
}

/** Section 20: the head of a frame that has its own table of 256 colours, all white. */
function whiteFrame(head: Uint8Array): Uint8Array[] {
  const flags = ((head.at(-1) ?? 0) & 0x40) | 0x87
  return [head.subarray(0, -1), Uint8Array.of(flags), new Uint8Array(3 * 256).fill(255)]
}

/** The frames with transparency where the same frames in black and white are black. */
export function withScreen(frames: Raster, blackAndWhite: Raster): Raster {
  const { data, channels } = blackAndWhite
  if (!data.includes(0)) return frames
  const raster = withAlpha(frames)
  for (let pixel = 0, at = 0; at < data.length; pixel++, at += channels)
    if (data[at] === 0) raster.data[4 * pixel + 3] = 0
  return raster
}

/** The decoder reports damage. */
function* blocksUntilDamage(gif: Uint8Array): Generator<GifBlock> {
  try {
    yield* gifBlocks(gif)
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
  }
}
