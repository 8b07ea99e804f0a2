import type { IncomingHttpHeaders } from 'node:http'
import { ServiceProblem } from '../problems/problems.ts'
import { type EntityTag, parseEntityTags } from './entity-tags.ts'
import { parseHttpDate } from './http-date.ts'

/** The properties that distinguish two states of a resource. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  etag: string
  modifiedAt?: Date
}

type ConditionHeaders = Pick<
  IncomingHttpHeaders,
  'if-match' | 'if-none-match' | 'if-modified-since' | 'if-unmodified-since'
>

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110, 13.2.2. The request may proceed, or gets a 304 (not
 * modified) or a 412 (failed). A list of tags that is not well-formed matches nothing; a date that can't be parsed is
 * ignored.
 */
export function checkPreconditions(
  headers: ConditionHeaders,
  current: Validators,
): 'proceed' | 'not-modified' | 'failed' {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  const isUnmodifiedSince = unmodifiedSince(headers['if-unmodified-since'], current)
  if (match === undefined ? isUnmodifiedSince === false : !matchesStrongly(match, current)) return 'failed'
  const isNotModified =
    noneMatch === undefined
      ? unmodifiedSince(headers['if-modified-since'], current)
      : matchesWeakly(noneMatch, current)
  return isNotModified ? 'not-modified' : 'proceed'
}

/**
 * The preconditions of a write, to be evaluated when the write happens; undefined if the request has none. A resource
 * that doesn't exist yet has no validators.
 *
 * @throws ServiceProblem 400 for tags that are not well-formed: a write must not happen under a condition that can't
 * be read
 */
export function writeCondition(
  headers: ConditionHeaders,
): ((current: Validators | undefined) => boolean) | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch, 'if-unmodified-since': since } = headers
  readEntityTags('If-Match', match)
  readEntityTags('If-None-Match', noneMatch)
  if (match === undefined && noneMatch === undefined && since === undefined) return undefined
  return current => {
    if (current === undefined) return match === undefined
    const isSame =
      match === undefined ? unmodifiedSince(since, current) !== false : matchesStrongly(match, current)
    return isSame && (noneMatch === undefined || !matchesWeakly(noneMatch, current))
  }
}

/** @throws ServiceProblem 400 if the value is not well-formed */
export function readEntityTags(field: string, value: string | undefined): '*' | EntityTag[] | undefined {
  if (value === undefined) return undefined
  const tags = parseEntityTags(value)
  if (tags) return tags
  throw new ServiceProblem(400, 'invalid-request', `${field} must be * or ETags such as "12", got ${value}`)
}

/**
 * Whether the requested range is still a range of the same bytes (RFC 9110, 13.1.5). A date must equal the date of the
 * resource, and must be at least a second ago, because the bytes may change again within that second (8.8.2.2).
 */
export function isRangeCurrent(ifRange: string | undefined, current: Validators, now = Date.now()): boolean {
  if (ifRange === undefined) return true
  const date = parseHttpDate(ifRange, now)
  if (date !== undefined) return date === secondOf(current.modifiedAt) && date + 1000 <= now
  return ifRange === current.etag
}

function matchesStrongly(ifMatch: string, { etag }: Validators): boolean {
  return matches(ifMatch, tag => !tag.isWeak && tag.opaque === etag)
}

function matchesWeakly(ifNoneMatch: string, { etag }: Validators): boolean {
  return matches(ifNoneMatch, tag => tag.opaque === etag)
}

function matches(header: string, isCurrent: (tag: EntityTag) => boolean): boolean {
  const tags = parseEntityTags(header)
  return tags === '*' || (tags?.some(isCurrent) ?? false)
}

/** Undefined if there is no date to compare. */
function unmodifiedSince(header: string | undefined, { modifiedAt }: Validators): boolean | undefined {
  const date = header === undefined ? undefined : parseHttpDate(header)
  const modified = secondOf(modifiedAt)
  return date === undefined || modified === undefined ? undefined : modified <= date
}

/** Dates in HTTP have whole seconds. */
function secondOf(date: Date | undefined): number | undefined {
  return date && Math.floor(date.getTime() / 1000) * 1000
}
