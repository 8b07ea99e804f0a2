import { withJpegKernel } from './jpeg-kernel.ts'
import { readJpeg } from './read-jpeg.ts'
import { writeJpeg } from './write-jpeg.ts'

/**
 * The same coefficients in a single sequential scan, whatever colours the components have. Leaves out metadata.
 *
 * @throws NotWellFormed as `permuteJpeg` does, except for RGB
 */
export function sequentialJpeg(input: Uint8Array): Uint8Array {
  return withJpegKernel(kernel => {
    const jpeg = readJpeg(kernel, input, { hasKnownColours: true })
    return writeJpeg(kernel, { ...jpeg, frame: { ...jpeg.frame, isProgressive: false } })
  })
}
