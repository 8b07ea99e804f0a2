import type { IncomingHttpHeaders } from 'node:http'

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
  headers: IncomingHttpHeaders,
  { bytes, etag }: { bytes: number; etag: string },
): ByteRange | undefined | 'unsatisfiable' {
  const isCurrent = headers['if-range'] === undefined || headers['if-range'] === etag
  if (headers.range === undefined || !isCurrent) return undefined
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range) ?? []
  if (first === '' && last === '') return undefined
  const end = bytes - 1
  const range =
    first === ''
      ? { start: Math.max(bytes - Number(last), 0), end }
      : { start: Number(first), end: last === '' ? end : Math.min(Number(last), end) }
  return range.start <= range.end ? range : 'unsatisfiable'
}

/** Whether If-None-Match names this strong ETag (RFC 9110, 13.1.2: the comparison is weak). */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = headers['if-none-match']?.split(',').map(tag => tag.trim().replace(/^W\//, ''))
  return tags?.some(tag => tag === '*' || tag === etag) ?? false
}
