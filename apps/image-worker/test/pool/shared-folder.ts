import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that only the threads of one pool use: each pool has its own kv-config. */
export function sharedFolder(kvUrl: string): string {
  return join(tmpdir(), `pool-${new URL(kvUrl).port}`)
}
