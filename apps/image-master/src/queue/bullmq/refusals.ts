import { ServiceUnavailable } from '@darkroom/service-kit'

/** Redis answers, but does not do what a queue needs. */
export class RedisRefuses extends ServiceUnavailable {
  /** The error code of Redis, such as READONLY. */
  readonly code: string

  constructor(code: string, reply: string) {
    super('Redis', new Error(reply), { isLogged: true })
    this.code = code
    this.message = meanings[code] ?? `Redis refuses: ${code}`
  }
}

/** What the error codes of Redis and Valkey mean, and what can be done. */
const meanings: Readonly<Record<string, string>> = {
  OOM: 'Redis is full (maxmemory): give it more memory',
  READONLY: 'Redis is a replica and takes no writes: set QUEUE_URL to the primary, or promote the replica',
  MISCONF: 'Redis takes no writes because it can not save its data: look at its disk and its log',
  NOREPLICAS: 'Redis takes no writes because it has too few replicas (min-replicas-to-write)',
  MASTERDOWN: 'Redis is a replica that has lost its primary (replica-serve-stale-data no)',
  LOADING: 'Redis is loading its data',
  BUSY: 'Redis is busy with a script of another client',
  NOAUTH: 'Redis wants a password: set it in QUEUE_URL',
  WRONGPASS: 'Redis refuses the user or the password in QUEUE_URL',
  NOPERM: 'Redis does not allow its user what the queue needs: grant +@all on the keys darkroom:*',
  DENIED: 'Redis refuses connections from other machines (protected-mode)',
  CLUSTERDOWN: 'Redis is part of a cluster that is down, and a cluster can not keep the queue',
  MOVED: 'Redis is part of a cluster, which can not keep the queue',
  CROSSSLOT: 'Redis is part of a cluster, which can not keep the queue',
  UNBLOCKED: 'Redis is becoming a replica',
}

/** An error begins with its code; before Redis 7, the words of a script that failed have it behind a hyphen. */
const pattern = new RegExp(`(?:^|-)(${Object.keys(meanings).join('|')})\\b`)

/** What NOPERM is within a script. */
const notPermitted = "The user executing the script can't"

/** What an error of a command says about Redis; undefined when it is about the command. */
export function refusalOf(error: unknown): RedisRefuses | undefined {
  if (error instanceof RedisRefuses) return error
  if (!(error instanceof Error)) return undefined
  const code = error.message.includes(notPermitted) ? 'NOPERM' : pattern.exec(error.message)?.[1]
  if (code !== undefined) return new RedisRefuses(code, error.message)
  // ioredis tells of some only by what it did next.
  return error.cause === undefined ? undefined : refusalOf(error.cause)
}
