import type { UnpackedLimits } from '@darkroom/image-header'

export interface DevelopLimits extends UnpackedLimits {
  processingMs: number
}

/** The time limit as sharp's `timeout` takes it. */
export function timeoutOf({ processingMs }: DevelopLimits): { seconds: number } {
  return { seconds: Math.ceil(processingMs / 1000) }
}
