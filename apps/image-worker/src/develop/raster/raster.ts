/**
 * The pixels of one frame: rows from the top, samples interleaved, without padding. 16-bit samples are in this
 * machine's byte order. Grey with transparency has four channels; the first three are equal.
 */
export interface Raster {
  data: Uint8Array
  width: number
  height: number
  channels: 1 | 3 | 4
  bits: 8 | 16
  isGrey: boolean
}

/** The samples as an array of their own width, which shares their memory. Never a Buffer, whose slices share memory. */
export function samplesOf({ data, bits }: Pick<Raster, 'data' | 'bits'>): Samples {
  if (bits === 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const isAligned = data.byteOffset % 2 === 0
  const bytes = isAligned ? data : Uint8Array.from(data)
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
}

export type Samples = Uint8Array | Uint16Array

/** The raster with other samples of the same depth; shares their memory. */
export function withSamples<Pixels extends Pick<Raster, 'data'>>(raster: Pixels, samples: Samples): Pixels {
  return { ...raster, data: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength) }
}

/** Smaller buffers are not released: they may share memory with other buffers. */
const minReleasedBytes = 1024 * 1024

/**
 * Releases the memory of a raster that is no longer needed. The garbage collector would do so only after several
 * images, and each image would be unpacked into new memory that the system has to clear first.
 */
export function release({ data: { buffer } }: Raster): void {
  const isReleasable = buffer instanceof ArrayBuffer && !buffer.detached
  if (isReleasable && buffer.byteLength >= minReleasedBytes) buffer.transfer(0)
}

/** The frames, stacked from top to bottom in one raster. A copy, unless they are still parts of one buffer. */
export function joinFrames(frames: readonly Raster[]): Raster {
  const [first] = frames as [Raster]
  return { ...first, data: join(frames), height: first.height * frames.length }
}

function join(frames: readonly Raster[]): Uint8Array {
  const [first] = frames as [Raster]
  const bytes = frames.reduce((sum, { data }) => sum + data.length, 0)
  let end = first.data.byteOffset
  const isOnePiece = frames.every(({ data }) => {
    const follows = data.buffer === first.data.buffer && data.byteOffset === end
    end += data.length
    return follows
  })
  if (isOnePiece) return new Uint8Array(first.data.buffer, first.data.byteOffset, bytes)
  return Buffer.concat(frames.map(({ data }) => data))
}

/** The frames that are stacked in a raster; they share its memory. */
export function cutFrames(stack: Raster, height: number): Raster[] {
  const frameBytes = (stack.data.length / stack.height) * height
  return Array.from({ length: stack.height / height }, (_, index) => ({
    ...stack,
    height,
    data: stack.data.subarray(index * frameBytes, (index + 1) * frameBytes),
  }))
}

/** Copies the transparency of another raster of the same size into a raster of four channels, in place. */
export function withAlphaOf(original: Raster, raster: Raster): Raster {
  const [from, to] = [samplesOf(original), samplesOf(raster)]
  for (let at = 3; at < to.length; at += 4) to[at] = from[at] ?? 0
  return withSamples(raster, to)
}

/** The raster with transparency: adds an opaque fourth channel if it had none. */
export function withAlpha(raster: Raster): Raster {
  const { channels, bits } = raster
  if (channels === 4) return raster
  const from = samplesOf(raster)
  const pixels = from.length / channels
  const to = bits === 16 ? new Uint16Array(4 * pixels) : new Uint8Array(4 * pixels)
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2]
  const most = 2 ** bits - 1
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    to[4 * pixel] = from[at] as number
    to[4 * pixel + 1] = from[at + green] as number
    to[4 * pixel + 2] = from[at + blue] as number
    to[4 * pixel + 3] = most
  }
  return { ...withSamples(raster, to), channels: 4 }
}

/** Whether the raster has a channel for transparency, but no pixel is transparent. */
export function hasUnusedAlpha(raster: Raster): boolean {
  if (raster.channels !== 4) return false
  const samples = samplesOf(raster)
  const most = 2 ** raster.bits - 1
  for (let at = 3; at < samples.length; at += 4) if (samples[at] !== most) return false
  return true
}

/** Whether red, green and blue of all pixels are equal. */
export function hasOnlyGrey(raster: Raster): boolean {
  const samples = samplesOf(raster)
  const { channels } = raster
  for (let at = 0; at + 2 < samples.length; at += channels)
    if (samples[at] !== samples[at + 1] || samples[at] !== samples[at + 2]) return false
  return true
}

/** The raster without its fourth channel. */
export function withoutFourthChannel(raster: Raster): Raster {
  const channels = raster.isGrey ? 1 : 3
  const samples = samplesOf(raster)
  const pixels = samples.length / 4
  const kept = raster.bits === 16 ? new Uint16Array(pixels * channels) : new Uint8Array(pixels * channels)
  for (let from = 0, to = 0; from < samples.length; from += 4) {
    for (let channel = 0; channel < channels; channel++) kept[to++] = samples[from + channel] ?? 0
  }
  return { ...withSamples(raster, kept), channels }
}

/** The raster with 8 bits a sample: the upper halves of deep samples. */
export function inBytes(raster: Raster): Raster {
  if (raster.bits === 8) return raster
  const samples = samplesOf(raster)
  // `Uint8Array.from` would first list all samples, which takes several times the memory and time.
  const data = new Uint8Array(samples.length)
  for (let at = 0; at < samples.length; at++) data[at] = (samples[at] as number) >> 8
  return { ...raster, data, bits: 8 }
}

/** The raster in colour, for operations that add colour. */
export function asColour(raster: Raster): Raster {
  if (raster.channels !== 1) return { ...raster, isGrey: false }
  const grey = samplesOf(raster)
  const samples = raster.bits === 16 ? new Uint16Array(3 * grey.length) : new Uint8Array(3 * grey.length)
  for (let pixel = 0; pixel < grey.length; pixel++) samples.fill(grey[pixel] ?? 0, 3 * pixel, 3 * pixel + 3)
  return { ...withSamples(raster, samples), channels: 3, isGrey: false }
}
