import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface CollectOptions {
  type: 'minor' | 'major'
  execution?: 'sync'
  /** 'last-resort' also gives back the pages that became free. */
  flavor?: 'regular' | 'last-resort'
}

let collect: ((options: CollectOptions) => void) | undefined

/** Has V8 collect the garbage of this thread. */
export function collectGarbage(options: CollectOptions): void {
  collect ??= findCollector()
  collect(options)
}

/** V8 shows its collector only in contexts that are made after this flag is set: global names stay as they are. */
function findCollector(): (options: CollectOptions) => void {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as (options: CollectOptions) => void
  setFlagsFromString('--no-expose-gc')
  return found
}
