import type { Version } from './entry.ts'
import type { State } from './state.ts'
import { comparePlaces } from './summary.ts'

/** A page of another state's versions, in the buckets in which it differs from this state. */
export interface VersionPage {
  readonly buckets: readonly number[]
  readonly versions: readonly Version[]
  /** The key after which this page begins; undefined for the first page. */
  readonly after?: string | undefined
  /** The key of its last version, if another page follows. */
  readonly next?: string | undefined
}

interface Difference {
  /** Keys of entries that this state lacks or has in an older version. */
  readonly wanted: string[]
  /** Keys of entries that the other state lacks or has in an older version. */
  readonly newer: string[]
}

/** The entries that two states must exchange for the part of them that a page covers. */
export function differenceOf(state: State, page: VersionPage): Difference {
  const { after, next } = page
  const theirs = new Map(page.versions.map(version => [version.key, version]))
  const wanted: string[] = []
  const newer: string[] = []
  const ours = state
    .versions(page.buckets)
    .filter(({ key }) => after === undefined || comparePlaces(key, after) > 0)
    .filter(({ key }) => next === undefined || comparePlaces(key, next) <= 0)
  for (const own of ours) {
    const other = theirs.get(own.key)
    theirs.delete(own.key)
    if (other?.check === own.check && other.rank === own.rank) continue
    // If the rank is the same, only a merge can decide, so the entry is sent both ways.
    if (other !== undefined && other.rank >= own.rank) wanted.push(own.key)
    if (other === undefined || own.rank >= other.rank) newer.push(own.key)
  }
  return { wanted: [...wanted, ...theirs.keys()], newer }
}
