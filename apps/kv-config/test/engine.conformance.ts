import { suite } from 'node:test'
import { conditionsHold } from './conformance/conditions.ts'
import { leasesEnd } from './conformance/leases.ts'
import { listingsAreOrdered } from './conformance/listings.ts'
import type { Conformance, OpenEngine } from './conformance/open-engine.ts'
import { valuesAreKept } from './conformance/values.ts'
import { waitsAreWoken } from './conformance/waits.ts'

/**
 * Tests what src/engine/engine.ts promises, for any engine. `openEngine` returns an empty store, and closes it when
 * the test has ended.
 */
export function engineConformance(name: string, openEngine: OpenEngine, conformance: Conformance): void {
  suite(`${name} as a key-value store`, () => {
    valuesAreKept(openEngine)
    listingsAreOrdered(openEngine)
    conditionsHold(openEngine)
    leasesEnd(openEngine, conformance)
    waitsAreWoken(openEngine)
  })
}
