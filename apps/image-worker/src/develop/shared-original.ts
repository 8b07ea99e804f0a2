import type { ImageHeader } from '@darkroom/image-header'
import type { Developed } from './developed.ts'
import { type UnpackedHeic, unpackHeic } from './heic/unpack-heic.ts'
import type { DevelopLimits } from './limits.ts'
import { UnusableImage } from './unusable-image.ts'

/** The state of an original that is kept while its outputs are made one after the other. */
export class SharedOriginal {
  header: ImageHeader | undefined
  /** The bytes that decoders read. */
  source: Uint8Array | undefined
  #unpacked: { input: Uint8Array; heic: UnpackedHeic } | undefined
  #heldBytes = 0

  /** The bytes of all outputs so far, which wait for the others, and of the unpacked original. */
  get heldBytes(): number {
    return this.#heldBytes + (this.#unpacked?.heic.raster.data.length ?? 0)
  }

  /** Whether the pixels of this HEIC are held. */
  holdsPixelsOf(input: Uint8Array): boolean {
    return this.#unpacked?.input === input
  }

  /** Unpacks a HEIC, which takes far longer than all else, once for all outputs. The raster is the caller's own. */
  unpackHeic(input: Uint8Array, header: ImageHeader): UnpackedHeic {
    if (!this.holdsPixelsOf(input)) this.#unpacked = { input, heic: unpackHeic(input, header) }
    const { heic } = this.#unpacked as { heic: UnpackedHeic }
    return { ...heic, raster: { ...heic.raster, data: heic.raster.data.slice() } }
  }

  /**
   * Keeps a copy of an output, because its memory may be reused for the next.
   *
   * @throws UnusableImage if the outputs together become too large
   */
  hold(
    { bytes, facts }: Developed,
    { maxUnpackedBytes }: Pick<DevelopLimits, 'maxUnpackedBytes'>,
  ): Developed {
    this.#heldBytes += bytes.length
    if (this.#heldBytes > maxUnpackedBytes) {
      const message = `the results take more than ${maxUnpackedBytes} bytes together: request fewer or smaller variants`
      throw new UnusableImage('results-too-large', message)
    }
    return { bytes: Buffer.from(bytes), facts }
  }
}
