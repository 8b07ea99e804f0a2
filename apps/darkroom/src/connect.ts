import { Darkroom, DarkroomError, type DarkroomOptions } from '@darkroom/client/source'
import { ExpectedFailure } from './expected-failure.ts'
import { readUrl } from './read-url.ts'
import { frontendUrlOf, loadSettings } from './settings.ts'
import { BriefUsageError } from './usage-error.ts'

export interface ConnectOptions {
  url?: string | undefined
  key?: string | undefined
}

/** A busy Darkroom or a slow line may need seconds; if nothing listens, the error comes at once. */
const checkMs = 10_000

/**
 * A client of the Darkroom that the options or the environment name, after a first request has succeeded.
 *
 * @throws UsageError for an invalid URL or key; ExpectedFailure if nothing answers, or if it requires another key
 */
export async function connect(env: NodeJS.ProcessEnv, options: ConnectOptions): Promise<Darkroom> {
  const url = urlOf(options.url, env)
  const key = (options.key ?? env.DARKROOM_KEY)?.trim() || undefined
  // Later requests are retried for a minute. This request checks first whether Darkroom answers at all.
  const check = clientOf({
    url,
    key,
    retryTimeoutMs: 0,
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(checkMs) }),
  })
  try {
    await check.list({ limit: 1 })
  } catch (cause) {
    if (!(cause instanceof DarkroomError)) throw cause
    if (cause.status === 0)
      throw new ExpectedFailure(`${cause.message}; to start it: npx darkroom start`, { cause })
    if (cause.status === 401) {
      const remedy = key === undefined ? '; give it as --key or DARKROOM_KEY' : ''
      throw new ExpectedFailure(`${cause.message}${remedy}`, { cause })
    }
    // Darkroom answers. Another error of this request does not matter for the command.
  }
  return new Darkroom({ url, key })
}

/** @throws UsageError if the key can't be a key */
function clientOf(options: DarkroomOptions): Darkroom {
  try {
    return new Darkroom(options)
  } catch (cause) {
    throw cause instanceof TypeError ? new BriefUsageError(cause.message) : cause
  }
}

function urlOf(option: string | undefined, env: NodeJS.ProcessEnv): string {
  const [name, given] =
    option === undefined ? ['DARKROOM_URL', env.DARKROOM_URL || undefined] : ['--url', option]
  if (given === undefined) return frontendUrlOf(loadSettings(env))
  return readUrl(name, given, 'https://photos.example/darkroom')
}
