import { readBaseUrl } from './base-url.ts'
import { Agent } from './undici.ts'

const agent = new Agent({ connect: { timeout: 2000 } })

/**
 * Resolves with undefined if the service is ready, otherwise with the reason. Never rejects.
 *
 * @param url the base URL of the service, which may have credentials
 */
export async function checkHealth(url: string, timeoutMs: number): Promise<string | undefined> {
  try {
    const { origin, path, authorization } = readBaseUrl(url)
    const { statusCode, body } = await agent.request({
      origin,
      path: `${path}/readyz`,
      method: 'GET',
      headers: authorization === undefined ? {} : { authorization },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await body.text()
    return statusCode === 200 ? undefined : `not ready: ${detailOf(text) ?? `/readyz answered ${statusCode}`}`
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return isLate ? `no response within ${timeoutMs} ms` : `does not answer: ${(error as Error).message}`
  }
}

function detailOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined // not a problem document
  }
}
