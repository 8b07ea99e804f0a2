import { GifReader } from '../../permute/gif/reader.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'

/**
 * A part of a GIF, from `at` to `end`: the head of the file or of a frame, its colour table, its pixels, an extension, or
 * stray bytes between blocks.
 */
interface GifBlock {
  readonly kind: 'screen' | 'image' | 'table' | 'pixels' | 'control' | 'extension' | 'padding' | 'trailer'
  readonly at: number
  readonly end: number
}

/** GIF 89a, section 23: before the next frame, the area of a frame stays, is cleared, or looks as before the frame. */
export const disposals = { keep: 1, clear: 2 } as const

/** Whether the area of a frame then looks as before it: 3, and in browsers also 4 (the third bit), from old programs. */
export function restoresPrevious(disposal: number): boolean {
  return disposal === 3 || disposal === 4
}

/** The largest number that two bytes of a GIF can hold. */
export const mostShort = 65_535

const introducers = { extension: 0x21, image: 0x2c, trailer: 0x3b } as const
const graphicControl = 0xf9

/**
 * The blocks of a GIF up to its trailer (GIF 89a). Pixels begin with the size of their codes.
 *
 *     screen [table] | [control] image [table] pixels | .. | trailer
 *
 * @throws NotWellFormed where the blocks end too early, or one is of another kind
 */
export function* gifBlocks(gif: Uint8Array): Generator<GifBlock> {
  const reader = new GifReader(gif)
  const block = (kind: GifBlock['kind'], at: number): GifBlock => ({ kind, at, end: reader.position })
  reader.take(10) // signature and size
  const screenFlags = reader.byte()
  reader.take(2)
  yield block('screen', 0)
  yield* table(screenFlags)
  for (;;) {
    const at = reader.position
    if (reader.skipPadding()) {
      yield block('padding', at)
      continue
    }
    const introducer = reader.byte()
    if (introducer === introducers.extension) {
      const isControl = reader.byte() === graphicControl
      reader.skipSubBlocks()
      yield block(isControl ? 'control' : 'extension', at)
    } else if (introducer === introducers.image) {
      reader.take(8) // position and size
      const flags = reader.byte()
      yield block('image', at)
      yield* table(flags)
      const pixelsAt = reader.position
      reader.byte()
      reader.skipSubBlocks()
      yield block('pixels', pixelsAt)
    } else if (introducer === introducers.trailer) {
      yield block('trailer', at)
      return
    } else throw new NotWellFormed('the GIF has a block of an unknown kind')
  }

  function* table(flags: number): Generator<GifBlock> {
    if ((flags & 0x80) === 0) return
    const at = reader.position
    reader.take(3 * 2 ** ((flags & 0x07) + 1))
    yield block('table', at)
  }
}

/** The blocks before the first damaged block: the decoder reports the damage. */
export function* blocksUntilDamage(gif: Uint8Array): Generator<GifBlock> {
  try {
    yield* gifBlocks(gif)
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
  }
}
