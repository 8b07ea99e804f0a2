export interface ByteRange {
  start: number
  /** Included. */
  end: number
}

/**
 * The part of a representation that is asked for (RFC 9110, section 14): undefined for the whole, and
 * 'unsatisfiable' when there is no such part. Several ranges at once are answered with the whole, as 14.2 allows;
 * so are other units and what isn't well-formed.
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
