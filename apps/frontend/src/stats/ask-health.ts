import { readBaseUrl } from '@darkroom/service-kit'
import { request } from 'undici'

const answerMs = 2000

/** Why a service at this URL is not ready; undefined if it is. */
export async function askHealth(url: string): Promise<string | undefined> {
  try {
    const { origin, path, authorization } = readBaseUrl(url)
    const { statusCode, body } = await request(`${origin}${path}/readyz`, {
      headers: authorization === undefined ? {} : { authorization },
      signal: AbortSignal.timeout(answerMs),
    })
    const text = await body.text()
    return statusCode === 200 ? undefined : (detailOf(text) ?? `/readyz answered ${statusCode}`)
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return isLate ? `no answer within ${answerMs} ms` : `does not answer: ${(error as Error).message}`
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
