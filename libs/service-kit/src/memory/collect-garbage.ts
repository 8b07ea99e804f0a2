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

/**
 * Makes V8 expose its collector in each context that is created from now on. A process calls this before it starts threads:
 * once V8's flags have changed, it refuses compiled code, even code that another thread loads.
 */
export function exposeCollector(): void {
  setFlagsFromString('--expose-gc')
}

function findCollector(): (options: CollectOptions) => void {
  exposeCollector()
  return runInNewContext('gc') as (options: CollectOptions) => void
}
