import type { OutputInfo } from 'sharp'
import type { Original } from '../original.ts'

interface Written {
  data: Uint8Array
  info: Pick<OutputInfo, 'width' | 'height'>
}

/** A result that is this many times as large as its original is written again. Unfiltered photographs are below it. */
const tooLarge = 3
/** Smaller results don't matter. */
const minBytes = 16 * 1024

/**
 * Writes a PNG without filters, as sharp does for speed. Gradients become many times as large so: if the original was
 * a PNG and shows that a smaller file is possible, the rows are filtered in a second attempt.
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
