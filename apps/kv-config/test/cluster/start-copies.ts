import type { TestContext } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { type EtcdServers, freePort } from '@darkroom/testing'
import { start } from '../../src/start.ts'
import { newPrefix } from '../engine/etcd/shared-etcd.ts'

/** The URLs of copies of kv-config that share one store in etcd; each listens and is registered. */
export async function startCopies(t: TestContext, { clients }: EtcdServers, count = 3): Promise<string[]> {
  const kvStoreUrl = `etcd://${clients}?prefix=${newPrefix()}`
  const logger = createLogger('kv-config', 'silent')
  const copies = await Promise.all(
    Array.from({ length: count }, async () => {
      const common = {
        host: '127.0.0.1',
        port: await freePort(),
        dataDir: 'unused',
        logLevel: 'silent' as const,
      }
      return start(
        { ...common, kvStoreUrl, drainMs: 1000, bodyStallMs: 30_000, bodyMinBytesPerSecond: 500 },
        logger,
      )
    }),
  )
  for (const { close } of copies) t.after(close)
  return copies.map(({ url }) => url)
}
