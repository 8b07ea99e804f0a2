import type { IncomingHttpHeaders } from 'node:http'
import { type EntityTag, readEntityTags } from '@darkroom/service-kit'
import type { Condition } from './engine/engine.ts'

/** The ETag of a key is the revision that set its value. */
export function etagOf(revision: number): string {
  return `"${revision}"`
}

/**
 * The condition of a write from If-Match and If-None-Match; both must be true (RFC 9110, 13.2.2).
 *
 * @throws ServiceProblem 400 if a header is not well-formed: a write must not happen under a condition that can't be
 * read
 */
export function readCondition(headers: IncomingHttpHeaders): Condition {
  const match = readEntityTags('If-Match', headers['if-match'])
  const noneMatch = readEntityTags('If-None-Match', headers['if-none-match'])
  const conditions: Condition[] = []
  if (match) conditions.push(match === '*' ? { kind: 'present' } : isAny(match.filter(tag => !tag.isWeak)))
  if (noneMatch)
    conditions.push(noneMatch === '*' ? { kind: 'absent' } : { kind: 'not', of: isAny(noneMatch) })
  return { kind: 'all', of: conditions }
}

/** A tag that is not a revision can't match any value. */
function isAny(tags: EntityTag[]): Condition {
  const revisions = tags.map(({ opaque }) => Number(opaque.slice(1, -1)))
  const known = revisions.filter((revision, at) => etagOf(revision) === tags[at]?.opaque)
  return { kind: 'any', of: known.map(revision => ({ kind: 'revision', revision })) }
}
