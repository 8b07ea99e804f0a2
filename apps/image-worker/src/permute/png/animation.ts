import { NotWellFormed } from '../not-well-formed.ts'
import type { Rectangle, Size } from '../rectangle.ts'
import type { PngHeader } from './header.ts'

/** The rectangle of a frame, in the data of its fcTL (PNG 3rd edition, 11.3.6.2). */
export function rectangleOf(control: Buffer): Rectangle {
  return {
    width: control.readUInt32BE(4),
    height: control.readUInt32BE(8),
    left: control.readUInt32BE(12),
    top: control.readUInt32BE(16),
  }
}

/**
 * Follows an animation's chunks (PNG 3rd edition, 11.3.5): acTL declares the number of frames, each fcTL the position
 * of a frame, whose data is the IDAT chunks (for the first frame, if its fcTL comes before them) or a run of fdAT
 * chunks. fcTL and fdAT share one sequence, counted from 0; the written chunks get new numbers.
 *
 *     acTL [fcTL 0] IDAT.. | fcTL 1 fdAT 2 fdAT 3 | fcTL 4 fdAT 5 | .. IEND
 */
export class PngAnimation {
  readonly #header: PngHeader
  #frames: number | undefined
  #controls = 0
  #sequence = 0
  #writtenSequence = 0
  #imageHasStarted = false
  #pendingFrame: Size | undefined

  constructor(header: PngHeader) {
    this.#header = header
  }

  /** acTL: the number of frames and of plays. */
  start(data: Buffer): void {
    if (this.#frames !== undefined || this.#imageHasStarted) this.#reject('the acTL chunk is misplaced')
    if (data.length !== 8) this.#reject('the acTL chunk is not 8 bytes long')
    this.#frames = data.readUInt32BE(0)
    if (this.#frames === 0 || this.#frames > 0x7fff_ffff) this.#reject('the number of frames is impossible')
    if (data.readUInt32BE(4) > 0x7fff_ffff) this.#reject('the number of plays is impossible')
  }

  /** fcTL: returns the data to write. */
  control(data: Buffer): Uint8Array {
    if (data.length !== 26) this.#reject('the fcTL chunk is not 26 bytes long')
    this.checkSequence(data)
    if (this.#pendingFrame !== undefined) this.#reject('a frame has no data')
    const { left, top, width, height } = rectangleOf(data)
    const isFirstImage = !this.#imageHasStarted
    const fits = left + width <= this.#header.width && top + height <= this.#header.height
    if (width === 0 || height === 0 || !fits) this.#reject('a frame lies outside the image')
    if (isFirstImage && (width !== this.#header.width || height !== this.#header.height)) {
      this.#reject('the first frame does not cover the image')
    }
    if ((data[24] as number) > 2 || (data[25] as number) > 1)
      this.#reject('a frame has an unknown disposal or blending')
    this.#controls += 1
    this.#pendingFrame = { width, height }
    const written = Buffer.from(data)
    written.set(this.nextSequence())
    return written
  }

  /** The IDAT chunks begin: they are the data of the pending frame, if there is one. */
  startImage(): void {
    this.#imageHasStarted = true
    this.#pendingFrame = undefined
  }

  /** A run of fdAT chunks begins: returns the size of its frame. */
  startFrame(): Size {
    const frame = this.#pendingFrame
    if (!this.#imageHasStarted || frame === undefined) this.#reject('an fdAT chunk is misplaced')
    this.#pendingFrame = undefined
    return frame
  }

  /** Checks the sequence number that starts the data of fcTL and fdAT. */
  checkSequence(data: Uint8Array): void {
    if (this.#frames === undefined) this.#reject('there is a frame, but no acTL chunk')
    if (data.length < 4) this.#reject('a frame has no sequence number')
    if (Buffer.from(data).readUInt32BE() !== this.#sequence) this.#reject('the frames are out of sequence')
    this.#sequence += 1
  }

  /** The sequence number to write. */
  nextSequence(): Uint8Array {
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeUInt32BE(this.#writtenSequence)
    this.#writtenSequence += 1
    return bytes
  }

  end(): void {
    if (this.#pendingFrame !== undefined) this.#reject('a frame has no data')
    if (this.#controls !== (this.#frames ?? 0)) this.#reject('the number of frames does not match')
  }

  #reject(reason: string): never {
    throw new NotWellFormed(reason)
  }
}
