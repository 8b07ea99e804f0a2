import { rmSync } from 'node:fs'
import { createLogger } from '@darkroom/service-kit'
import { RecordedLog } from '@darkroom/testing'
import { Pool, type PoolOptions } from '../../src/pool/pool.ts'
import type { WorkEnd } from '../../src/thread/protocol.ts'
import type { Workshop } from '../start-workshop.ts'
import { sharedFolder } from './shared-folder.ts'

export const threadMain = new URL('command-thread.ts', import.meta.url)

/** A pool of threads that execute the texts of images, and its reports; closed when the test has ended. */
export function startPool(
  { clients, defer, env }: Pick<Workshop, 'clients' | 'defer' | 'env'>,
  options: Partial<PoolOptions> = {},
) {
  const ends: WorkEnd[] = []
  const log = new RecordedLog()
  let stuckCount = 0
  const pool = new Pool({
    name: 'worker',
    threads: 1,
    kvUrl: String(env.KV_URL),
    clusterToken: env.CLUSTER_TOKEN,
    logLevel: 'silent',
    processingMs: 60_000,
    drainMs: 0,
    maxPixels: 1_000_000,
    maxUnpackedBytes: 1_000_000,
    memoryBudgetBytes: 1_000_000,
    imageMaster: clients.imageMaster,
    logger: createLogger('pool', 'info', log),
    workEnded: end => ends.push(end),
    stuck: () => {
      stuckCount += 1
    },
    threadMain,
    ...options,
  })
  defer(async () => {
    await pool.close()
    rmSync(sharedFolder(String(env.KV_URL)), { recursive: true, force: true })
  })
  return { pool, ends, log, stuckCount: () => stuckCount }
}
