interface ByteRange {
  start: number
  /** The last byte of the range, included. */
  end: number
}

/**
 * The requested part of a representation (RFC 9110, section 14): undefined for the whole, 'unsatisfiable' if there is
 * no such part. For several ranges, other units and malformed ranges, the whole is sent, as 14.2 allows.
 */
export function requestedRange(
  range: string | undefined,
  bytes: number,
): ByteRange | undefined | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(range ?? '') ?? []
  if (first === '' && last === '') return undefined
  const end = bytes - 1
  const found =
    first === ''
      ? { start: Math.max(bytes - Number(last), 0), end }
      : { start: Number(first), end: last === '' ? end : Math.min(Number(last), end) }
  return found.start <= found.end ? found : 'unsatisfiable'
}
