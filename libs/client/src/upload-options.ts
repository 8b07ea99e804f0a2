import type { DarkroomError } from './darkroom-error.ts'
import type { Progress } from './types.ts'

export interface UploadOptions {
  /** The options operations, variants, preset and callback, as texts. */
  options: Readonly<Record<string, string>>
  idempotencyKey?: string | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** The options of a request of an upload, whose retries are reported. */
export function requestOf({ signal, onProgress }: UploadOptions) {
  const onRetry = ({ message }: DarkroomError) => onProgress?.({ phase: 'waiting', reason: message })
  return { method: 'POST', onRetry, ...(signal && { signal }) }
}
