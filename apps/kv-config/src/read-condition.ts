import type { IncomingHttpHeaders } from 'node:http'
import { type EntityTag, readEntityTags } from '@darkroom/service-kit'
import type { Condition } from './engine/engine.ts'

/** The ETag of a key is the revision that set its value. */
export function etagOf(revision: number): string {
  return `"${revision}"`
}

/**
 * What If-Match and If-None-Match ask of a write; both have to hold (RFC 9110, 13.2.2).
 *
 * @throws ServiceProblem 400 for what is not well-formed: no write is done under a condition that nobody understood
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

/** A tag that is not a revision is not the ETag of any value. */
function isAny(tags: EntityTag[]): Condition {
  const revisions = tags.map(({ opaque }) => Number(opaque.slice(1, -1)))
  const known = revisions.filter((revision, at) => etagOf(revision) === tags[at]?.opaque)
  return { kind: 'any', of: known.map(revision => ({ kind: 'revision', revision })) }
}
