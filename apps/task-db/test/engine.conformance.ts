import { suite } from 'node:test'
import { changesAreHeard } from './conformance/changes.ts'
import { claimsAreExclusive } from './conformance/claims.ts'
import { countsAddUp } from './conformance/counts.ts'
import { creationIsIdempotent } from './conformance/creation.ts'
import { leasesRunOut } from './conformance/expiry.ts'
import { leasesAreFenced } from './conformance/leases.ts'
import { listingsAreOrdered } from './conformance/listings.ts'
import { modelIsFollowed } from './conformance/model.ts'
import { noticesAreKept } from './conformance/notices.ts'
import type { OpenEngine } from './conformance/open-engine.ts'
import { tasksHaveOwners } from './conformance/owners.ts'
import { tasksAreRestored } from './conformance/restoring.ts'
import { ownersAreServedInTurn } from './conformance/turns.ts'

/**
 * Tests what src/engine/engine.ts promises, for any engine. `openEngine` returns an empty store that uses the given
 * clock, and closes it when the test has ended.
 */
export function engineConformance(name: string, openEngine: OpenEngine): void {
  suite(`${name} as a store of tasks`, () => {
    creationIsIdempotent(openEngine)
    claimsAreExclusive(openEngine)
    leasesAreFenced(openEngine)
    leasesRunOut(openEngine)
    listingsAreOrdered(openEngine)
    changesAreHeard(openEngine)
    noticesAreKept(openEngine)
    tasksHaveOwners(openEngine)
    tasksAreRestored(openEngine)
    countsAddUp(openEngine)
    ownersAreServedInTurn(openEngine)
    modelIsFollowed(openEngine)
  })
}
