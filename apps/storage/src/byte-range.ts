import type { IncomingHttpHeaders } from 'node:http'
import parseRange from 'range-parser'

export interface ByteRange {
  start: number
  /** Included. */
  end: number
}

/**
 * The part of a representation that is asked for (RFC 9110, section 14): undefined for the whole, and
 * 'unsatisfiable' when there is no such part. Several ranges at once are answered with the whole, as 14.2 allows.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  { bytes, etag }: { bytes: number; etag: string },
): ByteRange | undefined | 'unsatisfiable' {
  const isCurrent = headers['if-range'] === undefined || headers['if-range'] === etag
  if (headers.range === undefined || !isCurrent) return undefined
  const ranges = parseRange(bytes, headers.range)
  if (ranges === -1) return 'unsatisfiable'
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}

/** Whether If-None-Match names this strong ETag (RFC 9110, 13.1.2: the comparison is weak). */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = headers['if-none-match']?.split(',').map(tag => tag.trim().replace(/^W\//, ''))
  return tags?.some(tag => tag === '*' || tag === etag) ?? false
}
