import { compareTexts } from './compare-texts.ts'
import type { Version } from './entry.ts'
import { hash, hashRange } from './hash.ts'

/** The number of buckets into which keys are distributed by their hash; the same on every node. */
export const bucketCount = 32

interface Bucket {
  hash: number
  versions: Map<string, Version>
}

/**
 * The versions of a state's entries in buckets, each with a hash of its content. Two states find their differences by
 * exchanging 32 numbers, and then the versions in the buckets whose numbers differ.
 */
export class Summary {
  readonly #buckets: Bucket[] = Array.from({ length: bucketCount }, () => ({ hash: 0, versions: new Map() }))

  replace(version: Version): void {
    const bucket = this.#buckets[bucketOf(version.key)]
    if (!bucket) throw new RangeError('the bucket does not exist')
    const known = bucket.versions.get(version.key)
    bucket.versions.set(version.key, version)
    // A sum of hashes doesn't depend on the order of entries, and an entry can be subtracted again.
    const sum = bucket.hash + (version.check - (known?.check ?? 0)) // exact: within ±2^53
    bucket.hash = (sum < 0 ? sum + hashRange : sum) % hashRange
  }

  /** The hash of each bucket. */
  digest(): number[] {
    return this.#buckets.map(bucket => bucket.hash)
  }

  /** The versions in these buckets, in the order of buckets and keys: all, or a page of those after a key. */
  versions(
    buckets: readonly number[],
    { after, limit }: { after?: string | undefined; limit: number } = { limit: Number.POSITIVE_INFINITY },
  ): Version[] {
    const page: Version[] = []
    for (const index of buckets.toSorted((one, other) => one - other)) {
      const keys = [...(this.#buckets[index]?.versions.values() ?? [])]
      for (const version of keys.toSorted((one, other) => comparePlaces(one.key, other.key))) {
        if (after !== undefined && comparePlaces(version.key, after) <= 0) continue
        if (page.length === limit) return page
        page.push(version)
      }
    }
    return page
  }
}

/** The buckets in which two digests differ. */
export function differingBuckets(one: readonly number[], other: readonly number[]): number[] {
  return one.flatMap((hash, index) => (hash === other[index] ? [] : [index]))
}

/** The order in which versions are exchanged: by bucket, then by key. */
export function comparePlaces(one: string, other: string): number {
  return bucketOf(one) - bucketOf(other) || compareTexts(one, other)
}

function bucketOf(key: string): number {
  return hash(key) % bucketCount
}
