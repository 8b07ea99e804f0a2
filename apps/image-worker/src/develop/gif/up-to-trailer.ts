import { GifReader } from '../../permute/gif/reader.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'

const extension = 0x21
const image = 0x2c
const trailer = 0x3b

/**
 * A GIF without the bytes behind its trailer, which are no part of it (GIF 89a, section 27). libnsgif looks for the
 * trailer only where a frame could begin: behind an extension, such as XMP, it takes the trailer and what follows for
 * a damaged frame. A file whose blocks don't lead to a trailer stays as it is.
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
  reader.take(8) // place and size
  skipColorTable(reader, 0)
  reader.byte() // LZW code size
}

/** The flags, what stands between them and the table, and the table if there is one. */
function skipColorTable(reader: GifReader, between: number): void {
  const flags = reader.byte()
  reader.take(between)
  if ((flags & 0x80) !== 0) reader.take(3 * 2 ** ((flags & 0x07) + 1))
}
