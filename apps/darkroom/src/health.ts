import { setTimeout as delay } from 'node:timers/promises'
import { readBaseUrl } from '@darkroom/service-kit'
import { request } from 'undici'

/** A service that becomes ready within this time is not mentioned. */
const graceMs = 3000
const retryMs = 100

/** 'ready', or the reason why it is not ready. */
export async function askHealth(url: string): Promise<string> {
  try {
    const { origin, path, authorization } = readBaseUrl(url)
    const { body, statusCode } = await request(`${origin}${path}/readyz`, {
      headersTimeout: 15_000,
      headers: authorization === undefined ? {} : { authorization },
    })
    if (statusCode === 200) {
      await body.dump()
      return 'ready'
    }
    const problem = (await body.json()) as { detail?: string }
    return `not ready: ${problem.detail ?? statusCode}`
  } catch (error) {
    return `does not answer: ${(error as Error).message}`
  }
}

/**
 * Resolves when all services are ready, or `signal` is aborted. Prints the name and the reason of a service that is not
 * ready, whenever they change. Services that others need come first, so that the cause of the problem is printed.
 */
export async function untilReady(
  services: readonly { name: string; url: string }[],
  { signal, say }: { signal: AbortSignal; say(line: string): void },
): Promise<void> {
  const startedAt = performance.now()
  let said = ''
  for (const { name, url } of services) {
    while (!signal.aborted) {
      const health = await askHealth(url)
      if (health === 'ready' || signal.aborted) break
      const line = `waiting for ${name}: ${health}`
      if (line !== said && performance.now() - startedAt > graceMs) {
        say(line)
        said = line
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
