import type { ImageHeader } from '@darkroom/image-header'
import type { Developed } from './developed.ts'
import type { DevelopLimits } from './limits.ts'
import { UnusableImage } from './unusable-image.ts'

/** The state of an original that is kept while its outputs are made one after the other. */
export class OriginalInHand {
  header: ImageHeader | undefined
  #heldBytes = 0
  #outputs = 0

  /** The bytes of all outputs so far, which wait for the others. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Keeps an output. It is copied, as its memory may be used for the next.
   *
   * @throws UnusableImage if the outputs together become too large
   */
  hold(
    { bytes, facts }: Developed,
    { maxUnpackedBytes }: Pick<DevelopLimits, 'maxUnpackedBytes'>,
  ): Developed {
    this.#outputs += 1
    this.#heldBytes += bytes.length
    if (this.#outputs > 1 && this.#heldBytes > maxUnpackedBytes) {
      const words = `the results take more than ${maxUnpackedBytes} bytes together`
      throw new UnusableImage('results-too-large', words)
    }
    return { bytes: Buffer.from(bytes), facts }
  }
}
