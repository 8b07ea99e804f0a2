import type { OutputFormat } from '@darkroom/contracts'

/** How the result is written. */
export interface Output {
  format: OutputFormat
  /** Whether the content of the image decides the format. */
  isChosen?: boolean
  quality?: number | undefined
  /** Unless set, results are lossless if the original is. */
  lossless?: boolean
  metadata: 'strip' | 'keep'
}
