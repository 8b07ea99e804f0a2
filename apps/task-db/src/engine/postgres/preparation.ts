import { Backoff, StoreMisconfigured } from '@darkroom/service-kit'
import { type ConnectionOptions, endConnection } from './connection.ts'
import { warnOfRisks } from './durability.ts'
import { ConnectionLost, describeFailure, failureKind } from './failures.ts'
import { migrate } from './migrations.ts'
import { checkOwnSessions } from './own-sessions.ts'
import type { Servers } from './servers.ts'

const migrationTimeout = new Error('PostgreSQL hangs, or another copy has not finished its migrations')

/** Migrates the schema when the service starts. While PostgreSQL doesn't answer, requests wait for it. */
export class Preparation {
  readonly #servers: Servers
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()
  #obstacle: unknown = new Error('PostgreSQL has not answered yet')
  #continuing: Promise<void> | undefined

  private constructor(servers: Servers, options: ConnectionOptions) {
    this.#servers = servers
    this.#options = options
  }

  /**
   * Resolves when the schema is migrated, or else after a timeout or when PostgreSQL doesn't answer; then this continues
   * in the background.
   *
   * @throws StoreMisconfigured if PostgreSQL answers with an error that waiting doesn't fix
   */
  static async begin(servers: Servers, options: ConnectionOptions): Promise<Preparation> {
    const preparation = new Preparation(servers, options)
    const { promise: isLate, resolve } = Promise.withResolvers<false>()
    const first = preparation.#try(() => resolve(false))
    if (await Promise.race([first, isLate])) return preparation
    const { obstacle } = preparation
    if (['unavailable', 'elsewhere'].includes(failureKind(obstacle))) {
      preparation.#continuing = preparation.#tryAgain(first)
      return preparation
    }
    await preparation.close()
    throw new StoreMisconfigured(`PostgreSQL cannot be used: ${describeFailure(obstacle).reason}`, {
      cause: obstacle,
    })
  }

  /** Why the database can't be used yet; undefined once it can. */
  get obstacle(): unknown {
    return this.#obstacle
  }

  /** Idempotent. Interrupts a migration. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#continuing
  }

  /**
   * Returns whether the database is usable now; otherwise sets the obstacle. A migration may take long, and is
   * interrupted only by closing; after the timeout, `onLate` is called.
   */
  async #try(onLate: () => void): Promise<boolean> {
    const { signal } = this.#closing
    try {
      const server = await this.#servers.forWrites()
      const client = await server.connect()
      const giveUp = () => void client.end()
      signal.addEventListener('abort', giveUp)
      const timer = setTimeout(() => {
        this.#obstacle = new ConnectionLost(migrationTimeout)
        onLate()
      }, this.#options.timeoutMs)
      try {
        signal.throwIfAborted()
        await checkOwnSessions(client, () => server.connect(), this.#options.timeoutMs)
        await migrate(client)
        await warnOfRisks(client, this.#options.logger)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        await endConnection(client)
      }
      this.#obstacle = undefined
    } catch (error) {
      this.#obstacle = error
    }
    return this.#obstacle === undefined
  }

  async #tryAgain(first: Promise<boolean>): Promise<void> {
    const { logger } = this.#options
    const { signal } = this.#closing
    const backoff = new Backoff(50, 1000)
    let logged = ''
    const logObstacle = () => {
      const failure = describeFailure(this.#obstacle)
      if (failure.reason !== logged) logger.warn(failure, 'PostgreSQL cannot be used yet; retrying')
      logged = failure.reason
    }
    logObstacle()
    let isUsable = await first
    while (!isUsable && !signal.aborted) {
      logObstacle()
      await backoff.wait(signal)
      if (!signal.aborted) isUsable = await this.#try(logObstacle)
    }
    if (isUsable) logger.info('PostgreSQL answers')
  }
}
