const neverSent = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a request failed before any of it was sent, so that sending it again, to any instance, is safe. */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && neverSent.has(String(error.code))
}
