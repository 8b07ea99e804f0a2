import { setTimeout as delay } from 'node:timers/promises'
import { checkHealth } from '@darkroom/service-kit'

/** A service that becomes ready within this time is not mentioned. */
const graceMs = 3000
const retryMs = 25
/** A service that is busy with its start may answer late. */
const answerMs = 15_000

/**
 * Resolves when all services are ready, or `signal` is aborted. Prints the name and the reason of a service that is not
 * ready, whenever they change. Services that others need come first, so that the cause of the problem is printed.
 */
export async function untilReady(
  services: readonly { name: string; url: string }[],
  { signal, print }: { signal: AbortSignal; print(line: string): void },
): Promise<void> {
  const startedAt = performance.now()
  let printed = ''
  for (const { name, url } of services) {
    while (!signal.aborted) {
      const reason = await checkHealth(url, answerMs)
      if (reason === undefined || signal.aborted) break
      const line = `waiting for ${name}: ${reason}`
      if (line !== printed && performance.now() - startedAt > graceMs) {
        print(line)
        printed = line
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
