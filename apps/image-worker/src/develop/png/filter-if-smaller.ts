import type { OutputInfo } from 'sharp'
import type { Original } from '../original.ts'

interface Written {
  data: Uint8Array
  info: Pick<OutputInfo, 'width' | 'height'>
}

/** A result that is this many times as large as its original is written again. Unfiltered photographs stay smaller. */
const tooLarge = 3
/** A result below this size is not written again. */
const minBytes = 16 * 1024

/**
 * Writes a PNG without filters, as sharp does for speed. Without filters, gradients become many times as large. So if the
 * original was a PNG that is much smaller, the rows are filtered in a second attempt.
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
