import { setTimeout as delay } from 'node:timers/promises'
import type { Task } from '@darkroom/contracts'
import { Backoff, type Logger } from '@darkroom/service-kit'
import type { Client } from 'pg'
import type { TaskChange } from '../engine.ts'
import { checkAcceptsWrites, endConnection, within } from './connection.ts'
import { askServer, ConnectionLost, describeFailure } from './failures.ts'
import type { Server, Servers } from './servers.ts'
import type { Statement } from './statement.ts'

/** PostgreSQL refuses payloads of 8000 bytes and more; an id takes 36 bytes and a comma. */
const idsPerNotification = 200

/** A lost connection is noticed after at most twice this time. */
const heartbeatMs = 5000

/** The name contains the number of this table, because one database may hold several Darkrooms, in separate schemas. */
const channelName = `'darkroom_tasks_' || 'tasks'::regclass::oid`

interface ChangeChannelOptions {
  servers: Servers
  logger: Logger
  find(ids: readonly string[]): Promise<Map<string, Task>>
  announce(change: TaskChange): void
}

/**
 * Announces changes to the other copies of the service: LISTEN and NOTIFY, on a separate connection. A notification
 * is part of its transaction, so it is sent if and only if the change happens. It contains only ids; each receiver
 * reads the tasks.
 */
export class ChangeChannel {
  readonly #options: ChangeChannelOptions
  readonly #closing = new AbortController()
  readonly #listening: Promise<void>
  /** Ids that were received, and not read yet. */
  #unseen = new Set<string>()
  #reading: Promise<void> | undefined
  #name = crypto.randomUUID()

  constructor(options: ChangeChannelOptions) {
    this.#options = options
    this.#listening = this.#listen()
  }

  /** The statements that a transaction with these changes must contain. */
  notify(changes: readonly TaskChange[]): Statement[] {
    const ids = [...new Set(changes.flatMap(change => idOf(change) ?? []))]
    const pages = Math.ceil(ids.length / idsPerNotification)
    return Array.from({ length: pages }, (_, page) => {
      const some = ids.slice(page * idsPerNotification, (page + 1) * idsPerNotification)
      return { text: `SELECT pg_notify(${channelName}, $1)`, values: [`${this.#name}:${some.join(',')}`] }
    })
  }

  /**
   * Call this if a transaction of this copy failed but may have been committed: if it was, its notification is then treated
   * as a notification from another copy.
   */
  reportUnknownCommit(): void {
    this.#name = crypto.randomUUID()
    this.#options.announce({ kind: 'unknown' })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#listening
    await this.#reading
  }

  async #listen(): Promise<void> {
    const backoff = new Backoff(50, 1000)
    const { signal } = this.#closing
    const { servers, logger } = this.#options
    let isLogged = false
    const listens = () => {
      if (isLogged) logger.info('receiving changes of other copies again')
      isLogged = false
      backoff.reset()
    }
    while (!signal.aborted) {
      try {
        await this.#listenUntilLost(await servers.forWrites(), listens)
      } catch (error) {
        const message = 'cannot receive changes of other copies; retrying'
        if (!signal.aborted && !isLogged) logger.warn(describeFailure(error), message)
        isLogged = true
      }
      await backoff.wait(signal)
    }
  }

  /** Connects to the server that accepts writes: a standby does not support LISTEN. @throws the reason why it ended */
  async #listenUntilLost(server: Server, listens: () => void): Promise<void> {
    const lost = new AbortController()
    let client: Client | undefined
    try {
      client = await server.connect(error => lost.abort(error))
      client.on('notification', ({ payload = '' }) => this.#onNotification(payload))
      const { rows } = await askServer(
        client.query<{ name: string }>(within(`SELECT ${channelName} AS name`, heartbeatMs)),
      )
      await askServer(client.query(within(`LISTEN "${rows[0]?.name}"`, heartbeatMs)))
      listens()
      this.#options.announce({ kind: 'unknown' })
      await this.#watch(client, AbortSignal.any([lost.signal, server.left, this.#closing.signal]))
      if (lost.signal.aborted) throw new ConnectionLost(lost.signal.reason)
    } catch (error) {
      this.#options.servers.suspect(server, error)
      throw error
    } finally {
      if (client) await endConnection(client)
    }
  }

  async #watch(client: Client, end: AbortSignal): Promise<void> {
    for (;;) {
      await delay(heartbeatMs, undefined, { signal: end }).catch(() => undefined)
      if (end.aborted) return
      await checkAcceptsWrites(client, heartbeatMs)
    }
  }

  #onNotification(payload: string): void {
    const [name, ids = ''] = payload.split(':')
    if (name === this.#name) return
    for (const id of ids.split(',')) this.#unseen.add(id)
    this.#reading ??= this.#readUnseen().finally(() => {
      this.#reading = undefined
    })
  }

  /** Ids that arrive during a read are read together afterwards. */
  async #readUnseen(): Promise<void> {
    while (this.#unseen.size > 0) {
      const ids = [...this.#unseen]
      this.#unseen.clear()
      try {
        const tasks = await this.#options.find(ids)
        for (const id of ids) {
          const task = tasks.get(id)
          this.#options.announce(task ? { kind: 'stored', task } : { kind: 'deleted', id })
        }
      } catch (error) {
        this.#options.logger.warn(describeFailure(error), 'changes of another copy could not be read')
        this.#options.announce({ kind: 'unknown' })
      }
    }
  }
}

function idOf(change: TaskChange): string | undefined {
  switch (change.kind) {
    case 'stored':
      return change.task.id
    case 'deleted':
      return change.id
    case 'unknown':
      return undefined
  }
}
