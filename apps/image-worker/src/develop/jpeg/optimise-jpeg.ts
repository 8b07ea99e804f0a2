import { withJpegKernel } from '../../permute/jpeg/jpeg-kernel.ts'
import { readJpegWith } from '../../permute/jpeg/read-jpeg.ts'
import { ScanRecoder } from '../../permute/jpeg/scan-recoder.ts'
import { writeScans } from '../../permute/jpeg/write-jpeg.ts'

/**
 * The same coefficients with Huffman tables made for them, as `jpegtran -optimize` does, for a sequential JPEG of one scan.
 * Leaves out the metadata.
 *
 * @throws NotWellFormed as `permuteJpeg` does
 */
export function optimiseJpeg(input: Uint8Array): Uint8Array {
  return withJpegKernel(kernel => {
    const { handler, ...jpeg } = readJpegWith(kernel, input, file => new ScanRecoder(file))
    return writeScans(jpeg, handler.scans)
  })
}
