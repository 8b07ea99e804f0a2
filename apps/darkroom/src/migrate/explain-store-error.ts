import {
  InvalidConfig,
  RequestRefused,
  StoreFull,
  StoreMisconfigured,
  StoreUnavailable,
} from '@darkroom/service-kit'

/** An explanation of an engine's error; undefined for any other error. */
export function explanationOf(error: unknown): string | undefined {
  if (error instanceof InvalidConfig) return error.mistakes.join('; ')
  if (error instanceof StoreMisconfigured || error instanceof RequestRefused) return error.message
  if (error instanceof StoreUnavailable || error instanceof StoreFull) {
    // For a name with several addresses, each attempt has an error, and the AggregateError has no message.
    const [reason] = error.cause instanceof AggregateError ? error.cause.errors : [error.cause]
    return reason instanceof Error ? `${error.message} (${reason.message})` : error.message
  }
  return error instanceof Error && 'errstr' in error ? error.message : undefined // SQLite's
}
