import { suite } from 'node:test'
import { endsAreKept } from './conformance/ends.ts'
import { leasesAreFenced } from './conformance/leases.ts'
import { workIsLeased } from './conformance/next.ts'
import { type OpenQueue, prepare } from './conformance/open-queue.ts'

/** The promises of src/queue/queue.ts, for every engine. */
export async function queueConformance(name: string, openQueue: OpenQueue): Promise<void> {
  const open = await prepare(openQueue)
  suite(`${name} as a queue of work`, () => {
    workIsLeased(open)
    leasesAreFenced(open)
    endsAreKept(open)
  })
}
