import { withJpegKernel } from '../../permute/jpeg/jpeg-kernel.ts'
import { readJpeg } from '../../permute/jpeg/read-jpeg.ts'
import { writeJpeg } from '../../permute/jpeg/write-jpeg.ts'

/**
 * The same coefficients with Huffman tables made for them, as `jpegtran -optimize` does. Leaves out the metadata.
 *
 * @throws NotWellFormed as `permuteJpeg` does
 */
export function optimiseJpeg(input: Uint8Array): Uint8Array {
  return withJpegKernel(kernel => writeJpeg(kernel, readJpeg(kernel, input)))
}
