import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface CollectOptions {
  type: 'minor' | 'major'
  execution?: 'sync'
  /** 'last-resort' also returns freed pages to the system. */
  flavor?: 'regular' | 'last-resort'
}

let collect: ((options: CollectOptions) => void) | undefined

/** Makes V8 collect the garbage of this thread. */
export function collectGarbage(options: CollectOptions): void {
  collect ??= findCollector()
  collect(options)
}

/** V8 exposes its collector only in contexts created after this flag is set, so no global name is added here. */
function findCollector(): (options: CollectOptions) => void {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as (options: CollectOptions) => void
  setFlagsFromString('--no-expose-gc')
  return found
}
