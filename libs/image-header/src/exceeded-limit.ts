import type { ImageHeader } from './image-facts.ts'

export interface UnpackedLimits {
  /** For all frames together. */
  maxPixels: number
  /** For all frames together, at the unpacked sample size. */
  maxUnpackedBytes: number
}

/** A sentence for users when the image exceeds a limit; undefined when it fits. */
export function exceededLimit(header: ImageHeader, limits: UnpackedLimits): string | undefined {
  if (header.pixels > limits.maxPixels)
    return `the image unpacks to ${header.pixels} pixels; the limit is ${limits.maxPixels}`
  if (header.unpackedBytes > limits.maxUnpackedBytes)
    return `the image unpacks to ${header.unpackedBytes} bytes; the limit is ${limits.maxUnpackedBytes}`
  return undefined
}
