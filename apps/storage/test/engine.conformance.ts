import { suite, test } from 'node:test'
import { contentsAreKept } from './conformance/contents.ts'
import { copiesAreIndependent } from './conformance/copies.ts'
import { listingsAreComplete } from './conformance/listings.ts'
import type { OpenEngine } from './conformance/open-engine.ts'
import { readsAreStable } from './conformance/reads.ts'
import { writesAreGuarded } from './conformance/writes.ts'

/** Tests what src/engine/engine.ts promises, for any engine. */
export function testEngine(name: string, open: OpenEngine): void {
  suite(`${name}, as every engine,`, { concurrency: 4 }, () => {
    contentsAreKept(open)
    readsAreStable(open)
    writesAreGuarded(open)
    copiesAreIndependent(open)
    listingsAreComplete(open)

    test(`${name}, as every engine, is ready when it is open`, async t => {
      await (await open(t)).checkReady()
    })

    test(`${name}, as every engine, may be closed twice`, async t => {
      const store = await open(t)
      await store.close()
      await store.close()
    })
  })
}
