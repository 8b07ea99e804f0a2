import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface CollectOptions {
  type: 'minor' | 'major'
  execution?: 'sync'
  /** 'last-resort' also returns freed pages to the system. */
  flavor?: 'regular' | 'last-resort'
}

type Collector = (options: CollectOptions) => void

let collector: Collector | undefined

/** Makes V8 collect the garbage of this thread. */
export function collectGarbage(options: CollectOptions): void {
  findCollector()(options)
}

/**
 * Finds V8's collector. The first call changes a flag of V8 for a moment, and V8 refuses compiled code that another
 * thread loads in that moment, so a process makes this call before it starts threads.
 */
export function findCollector(): Collector {
  collector ??= exposedCollector()
  return collector
}

/** V8 exposes its collector only in contexts created after this flag is set, so no global name is added here. */
function exposedCollector(): Collector {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as Collector
  setFlagsFromString('--no-expose-gc')
  return found
}
