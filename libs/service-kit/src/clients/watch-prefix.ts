import type { Client, kvConfigRoutes } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { Backoff } from '../time/backoff.ts'

export type KvClient = Client<typeof kvConfigRoutes>

interface WatchOptions {
  kv: KvClient
  prefix: string
  logger: Logger
  signal: AbortSignal
  /** Called with all values under the prefix, by key: once at first, then after every change. */
  onChange(values: Map<string, Uint8Array>): void
}

const holdSeconds = 25

/**
 * Follows all keys under a prefix until `signal` is aborted. While kv-config does not answer, the last known values
 * stay.
 */
export async function watchPrefix({ kv, prefix, logger, signal, onChange }: WatchOptions): Promise<void> {
  const backoff = new Backoff(50, 1000)
  let blocking: { wait: number; after: number } | Record<string, never> = {}
  while (!signal.aborted) {
    try {
      const { revision, values } = await readAll(kv, prefix, blocking, signal)
      backoff.reset()
      if (revision !== blocking.after) onChange(values)
      blocking = { wait: holdSeconds, after: revision }
    } catch (error) {
      if (signal.aborted) return
      logger.debug({ err: error, prefix }, 'kv-config does not answer; keeping the last known values')
      await backoff.wait(signal)
    }
  }
}

async function readAll(
  kv: KvClient,
  prefix: string,
  blocking: { wait?: number; after?: number },
  signal: AbortSignal,
): Promise<{ revision: number; values: Map<string, Uint8Array> }> {
  const first = await kv.listKeys({ querystring: { prefix, ...blocking }, signal })
  const values = new Map<string, Uint8Array>()
  let page = first.body
  for (;;) {
    for (const { key, value } of page.keys) values.set(key, Buffer.from(value, 'base64'))
    if (page.next === undefined) return { revision: first.body.revision, values }
    page = (await kv.listKeys({ querystring: { prefix, cursor: page.next }, signal })).body
  }
}
