import { coloursOfFrame } from './colours-of-frame.ts'
import { blocksUntilDamage, disposals, restoresPrevious } from './gif-blocks.ts'

const transparentFlag = 1

interface Frame {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** The position of its graphic control extension. */
  readonly controlAt: number | undefined
  readonly disposal: number
  readonly hasTransparency: boolean
  /** The position of its pixels. */
  pixelsAt: number
}

/**
 * A GIF whose frames are cleared to transparency, as in browsers; the file itself if they already are. libnsgif fills the
 * area of a frame with the background colour of the screen unless the frame has a transparent colour. So a frame without
 * a transparent colour gets an unused colour as its transparent colour. A frame that uses all 256 colours stays unchanged.
 */
export function withClearedFrames(gif: Uint8Array): Uint8Array {
  let changed: Buffer | undefined
  const frames = framesOf(gif)
  for (const [index, frame] of frames.entries()) {
    const next = frames[index + 1]
    if (frame.disposal !== disposals.clear || frame.hasTransparency || !next || isHidden(frame, next))
      continue
    const unused = coloursOfFrame(gif, frame.pixelsAt).lastIndexOf(false)
    if (unused === -1 || frame.controlAt === undefined) continue
    changed ??= Buffer.from(gif)
    const flagsAt = frame.controlAt + 3
    changed[flagsAt] = (changed[flagsAt] ?? 0) | transparentFlag
    changed[frame.controlAt + 6] = unused
  }
  return changed ?? gif
}

/** Whether the next frame covers all of a cleared frame, for good. */
function isHidden(frame: Frame, next: Frame): boolean {
  const isCovered =
    next.left <= frame.left &&
    next.top <= frame.top &&
    next.right >= frame.right &&
    next.bottom >= frame.bottom
  return isCovered && !next.hasTransparency && !restoresPrevious(next.disposal)
}

function framesOf(gif: Uint8Array): Frame[] {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  const frames: Frame[] = []
  let controlAt: number | undefined
  for (const { kind, at } of blocksUntilDamage(gif)) {
    if (kind === 'control') controlAt = at
    const last = frames.at(-1)
    if (kind === 'pixels' && last) last.pixelsAt = at
    if (kind !== 'image') continue
    const flags = controlAt === undefined ? 0 : (bytes[controlAt + 3] ?? 0)
    const [left, top] = [bytes.readUInt16LE(at + 1), bytes.readUInt16LE(at + 3)]
    frames.push({
      ...{ left, top },
      right: left + bytes.readUInt16LE(at + 5),
      bottom: top + bytes.readUInt16LE(at + 7),
      controlAt,
      disposal: (flags >> 2) & 7,
      hasTransparency: (flags & transparentFlag) !== 0,
      pixelsAt: at,
    })
    controlAt = undefined
  }
  return frames
}
