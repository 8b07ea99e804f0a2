import { GifReader } from '../../permute/gif/reader.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'

const extension = 0x21
const image = 0x2c
const trailer = 0x3b

/**
 * A GIF without the bytes after its trailer, which don't belong to it (GIF 89a, section 27). libnsgif looks for the
 * trailer only where a frame could begin: after an extension, such as XMP, it treats the trailer and the bytes after it
 * as a damaged frame. A file whose blocks don't lead to a trailer stays as it is.
 */
export function upToTrailer(gif: Uint8Array): Uint8Array {
  try {
    const reader = new GifReader(gif)
    reader.take(10) // signature and size
    skipColorTable(reader, 2)
    for (let block = reader.byte(); block !== trailer; block = reader.byte()) {
      if (block === extension) reader.byte()
      else if (block === image) skipImageHead(reader)
      else return gif
      reader.skipSubBlocks()
    }
    return gif.subarray(0, reader.position)
  } catch (error) {
    if (error instanceof NotWellFormed) return gif
    throw error
  }
}

function skipImageHead(reader: GifReader): void {
  reader.take(8) // position and size
  skipColorTable(reader, 0)
  reader.byte() // LZW code size
}

/** Skips the flags, `between` bytes, and the colour table if the flags announce one. */
function skipColorTable(reader: GifReader, between: number): void {
  const flags = reader.byte()
  reader.take(between)
  if ((flags & 0x80) !== 0) reader.take(3 * 2 ** ((flags & 0x07) + 1))
}
