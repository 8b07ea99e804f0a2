import { encodeSegment, segmentsOf } from '../../../src/develop/jpeg/segments.ts'
import { withJpegKernel } from '../../../src/permute/jpeg/jpeg-kernel.ts'
import { blockBytes } from '../../../src/permute/jpeg/planes.ts'
import { readJpeg } from '../../../src/permute/jpeg/read-jpeg.ts'
import { writeJpeg } from '../../../src/permute/jpeg/write-jpeg.ts'
import { zigzag } from '../../../src/permute/jpeg/zigzag.ts'

/**
 * A JPEG with the same metadata whose blocks have only the coefficients of the first rows and columns: as many as `sides`
 * gives for each component.
 */
export function withoutHighFrequencies(jpeg: Uint8Array, sides: readonly number[]): Buffer {
  const lower = withJpegKernel(kernel => {
    const read = readJpeg(kernel, jpeg)
    for (const [index, { at, across, down }] of read.planes.entries()) {
      const side = sides[index] ?? 8
      const coefficients = new Int16Array(kernel.memory.buffer, at, (across * down * blockBytes) / 2)
      for (const [position, place] of zigzag.entries()) {
        if (place >> 3 < side && (place & 7) < side) continue
        for (let block = position; block < coefficients.length; block += 64) coefficients[block] = 0
      }
    }
    return writeJpeg(kernel, read)
  })
  const metadata = [...segmentsOf(jpeg)]
    .filter(({ marker }) => marker > 0xe0 && marker <= 0xef)
    .map(({ marker, data }) => encodeSegment(marker, data))
  const jfifEnd = 20
  return Buffer.concat([lower.subarray(0, jfifEnd), ...metadata, lower.subarray(jfifEnd)])
}
