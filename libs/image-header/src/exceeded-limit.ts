import type { ImageHeader } from './image-facts.ts'

export interface UnpackedLimits {
  /** Over all frames. */
  maxPixels: number
  /** Over all frames, at the unpacked sample size. */
  maxUnpackedBytes: number
}

/** A sentence for a person when the image is larger than is taken, undefined when it fits. */
export function exceededLimit(header: ImageHeader, limits: UnpackedLimits): string | undefined {
  if (header.pixels > limits.maxPixels)
    return `the image unpacks to ${header.pixels} pixels; at most ${limits.maxPixels} are taken`
  if (header.unpackedBytes > limits.maxUnpackedBytes)
    return `the image unpacks to ${header.unpackedBytes} bytes; at most ${limits.maxUnpackedBytes} are taken`
  return undefined
}
