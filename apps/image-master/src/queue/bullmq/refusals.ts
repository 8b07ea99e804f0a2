import { ServiceUnavailable } from '@darkroom/service-kit'

/** Redis answers, but refuses what a queue needs. */
export class RedisRefuses extends ServiceUnavailable {
  /** The error code of Redis, such as READONLY. */
  readonly code: string

  constructor(code: string, reply: string) {
    super('Redis', new Error(reply), { isLogged: true })
    this.code = code
    this.message = meanings[code] ?? `Redis refuses: ${code}`
  }
}

/** The error codes of Redis and Valkey, with their meaning and remedy. */
const meanings: Readonly<Record<string, string>> = {
  OOM: 'Redis is full (maxmemory): give it more memory',
  READONLY: 'Redis is a replica and refuses writes: set QUEUE_URL to the primary, or promote the replica',
  MISCONF: 'Redis refuses writes because it cannot save its data: check its disk and its log',
  NOREPLICAS: 'Redis refuses writes because it has too few replicas (min-replicas-to-write)',
  MASTERDOWN: 'Redis is a replica that has lost its primary (replica-serve-stale-data no)',
  LOADING: 'Redis is loading its data',
  BUSY: 'Redis is busy with a script of another client',
  NOAUTH: 'Redis requires a password: set it in QUEUE_URL',
  WRONGPASS: 'Redis refuses the user or the password in QUEUE_URL',
  NOPERM: 'the Redis user has too few permissions for the queue: grant +@all on the keys darkroom:*',
  DENIED: 'Redis refuses connections from other machines (protected-mode)',
  CLUSTERDOWN: 'Redis is part of a cluster that is down, and a cluster cannot keep the queue',
  MOVED: 'Redis is part of a cluster, which cannot keep the queue',
  CROSSSLOT: 'Redis is part of a cluster, which cannot keep the queue',
  UNBLOCKED: 'Redis is becoming a replica',
}

/** An error begins with its code; before Redis 7, errors of scripts have the code after a hyphen. */
const pattern = new RegExp(`(?:^|-)(${Object.keys(meanings).join('|')})\\b`)

/** The form of NOPERM within a script. */
const notPermitted = "The user executing the script can't"

/** Finds the refusal by Redis in an error of a command; undefined if the command itself failed. */
export function refusalOf(error: unknown): RedisRefuses | undefined {
  if (error instanceof RedisRefuses) return error
  if (!(error instanceof Error)) return undefined
  const code = error.message.includes(notPermitted) ? 'NOPERM' : pattern.exec(error.message)?.[1]
  if (code !== undefined) return new RedisRefuses(code, error.message)
  // ioredis reports some refusals only as the cause of another error.
  return error.cause === undefined ? undefined : refusalOf(error.cause)
}
