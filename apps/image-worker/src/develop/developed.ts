import type { ImageFacts } from '@darkroom/contracts'

export interface Developed {
  bytes: Uint8Array
  facts: Omit<ImageFacts, 'bytes' | 'sha256'>
}
