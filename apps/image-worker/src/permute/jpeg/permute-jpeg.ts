import type { ChannelOrder } from '../channel-order.ts'
import { noTurn } from '../turn.ts'
import { withJpegKernel } from './jpeg-kernel.ts'
import { permuteCoefficients } from './permute-coefficients.ts'
import { permuteComponents } from './permute-components.ts'
import { readJpeg } from './read-jpeg.ts'
import { expectTurnable, turnImage } from './turn-image.ts'
import { writeJpeg } from './write-jpeg.ts'

/**
 * Turns a JPEG (ITU-T T.81, JFIF 1.02) and permutes its colours without decoding its pixels: the blocks of its cosine
 * transform change places, and their coefficients are mixed, which works because a permutation is linear in them.
 * Subsampling, progressiveness and quantisation stay; a coefficient that no colour is added to stays exact. Leaves out
 * metadata.
 *
 * @throws NotWellFormed for a file that breaks a rule of T.81, and for kinds that decoders support but this function
 * doesn't: CMYK and RGB, 12 bits, arithmetic coding, unusual subsampling, a turn that cuts through the outermost blocks
 */
export function permuteJpeg(input: Uint8Array, order: ChannelOrder, turn = noTurn): Uint8Array {
  return withJpegKernel(kernel => {
    const read = readJpeg(kernel, input, { expectFrame: frame => expectTurnable(frame, turn) })
    const jpeg = turnImage(kernel, read, turn)
    permuteCoefficients(kernel, jpeg, order)
    return writeJpeg(kernel, jpeg)
  })
}

/**
 * Permutes the colours of a JPEG whose components are red, green and blue according to the file that contains it.
 * Nothing is lost: the components change places.
 *
 * @throws NotWellFormed as `permuteJpeg` does
 */
export function permuteRgbJpeg(input: Uint8Array, order: ChannelOrder): Uint8Array {
  return withJpegKernel(kernel =>
    writeJpeg(kernel, permuteComponents(kernel, readJpeg(kernel, input, { hasKnownColours: true }), order)),
  )
}
