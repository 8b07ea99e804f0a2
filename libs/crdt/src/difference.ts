import type { Version } from './entry.ts'
import type { State } from './state.ts'
import { comparePlaces } from './summary.ts'

/** A part of what another state has in the buckets in which it differs from this one. */
export interface VersionPage {
  readonly buckets: readonly number[]
  readonly versions: readonly Version[]
  /** The key after which this page began; undefined for the first. */
  readonly after?: string | undefined
  /** The key of its last version, if there are more. */
  readonly next?: string | undefined
}

export interface Difference {
  /** Keys of entries that the other has and this one lacks or has older. */
  readonly wanted: string[]
  /** Keys of entries that this one has and the other lacks or has older. */
  readonly news: string[]
}

/** What has to pass between two states for the part of them that a page covers. */
export function differenceOf(state: State, page: VersionPage): Difference {
  const { after, next } = page
  const theirs = new Map(page.versions.map(version => [version.key, version]))
  const wanted: string[] = []
  const news: string[] = []
  const ours = state
    .versions(page.buckets)
    .filter(({ key }) => after === undefined || comparePlaces(key, after) > 0)
    .filter(({ key }) => next === undefined || comparePlaces(key, next) <= 0)
  for (const own of ours) {
    const other = theirs.get(own.key)
    theirs.delete(own.key)
    if (other?.check === own.check && other.rank === own.rank) continue
    // Of the same rank, a merge decides; so it is sent both ways.
    if (other !== undefined && other.rank >= own.rank) wanted.push(own.key)
    if (other === undefined || own.rank >= other.rank) news.push(own.key)
  }
  return { wanted: [...wanted, ...theirs.keys()], news }
}
