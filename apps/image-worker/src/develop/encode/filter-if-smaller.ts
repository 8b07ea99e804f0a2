import type { Size } from '../../permute/rectangle.ts'
import type { Original } from '../original.ts'

interface Written {
  data: Uint8Array
  info: Size
}

/** A result that is this many times as large as its original is written again. Photographs stay below this limit. */
const tooLarge = 1.4
/** A result below this size is not written again. */
const minBytes = 16 * 1024

/**
 * Writes a PNG with the filter Sub or without filters, for speed. Gradients may become many times as large. So if the
 * original was a PNG that is much smaller, each row gets the filter that suits it in a second attempt.
 */
export async function filterIfSmaller<Png extends Written>(
  write: (filtersRows: boolean) => Promise<Png>,
  { format, bytes, pixels }: Pick<Original, 'format' | 'bytes' | 'pixels'>,
): Promise<Png> {
  const plain = await write(false)
  const { data, info } = plain
  const enlargement = Math.max((info.width * info.height) / pixels, 1)
  const isSmallEnough = data.length < minBytes || data.length <= tooLarge * bytes * enlargement
  if (format !== 'png' || isSmallEnough) return plain
  const filtered = await write(true)
  return filtered.data.length < data.length ? filtered : plain
}
