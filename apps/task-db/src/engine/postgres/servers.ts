import type { Client, ClientConfig, Pool } from 'pg'
import { type ConnectionOptions, connectOnce, endConnection, openPool } from './connection.ts'
import { ConnectionLost, describeFailure, failureKind } from './failures.ts'
import { firstOf } from './first-of.ts'
import { type Address, addressesOf, type Cluster, describeHost, type Host, readClusterUrl } from './hosts.ts'

/** A server that hasn't answered for so long has the next one asked beside it. */
const headStartMs = 250
/** Where there are several, a silent one is first waited for so long, and twice as long after each vain search. */
const firstSilenceMs = 1000

/** The server that takes writes, as far as is known. */
export interface Server {
  /** host:port */
  readonly name: string
  readonly pool: Pool
  /** Aborted when another one has taken its place. */
  readonly left: AbortSignal
  /** A connection of its own. `onLost` hears of its end, once. */
  connect(onLost?: (error: Error) => void): Promise<Client>
}

interface Found {
  host: Host
  address: Address
}

interface Current extends Found, Server {
  leave(): void
}

/**
 * Finds the one of several PostgreSQL servers that takes writes, as libpq does for target_session_attrs=read-write:
 * the primary, wherever a failover has put it. It is looked for anew after a connection was lost, or a write refused;
 * while it stays the same one, so do its connections.
 */
export class Servers {
  readonly #options: ConnectionOptions
  readonly #cluster: Cluster
  #current: Current | undefined
  /** The current one has failed, or refused a write. */
  #isDoubtful = false
  #search: Promise<Server> | undefined
  #silenceMs = firstSilenceMs
  /** That none was found is in the log. */
  #isMissed = false

  /** @throws StoreMisconfigured for a URL that can't be read */
  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#cluster = readClusterUrl(options.url)
  }

  /**
   * The server that takes writes. All who ask at once wait for one search.
   *
   * @throws why there is none; of several servers that don't all refuse for good, a ConnectionLost that names each
   */
  async forWrites(): Promise<Server> {
    if (this.#current && !this.#isDoubtful) return this.#current
    this.#search ??= this.#find().finally(() => {
      this.#search = undefined
    })
    return this.#search
  }

  /** The same, but one that refuses writes since is good enough: its open connections know all that was written. */
  async forReads(): Promise<Server> {
    return this.#current ?? this.forWrites()
  }

  /** After a failure: whether another server takes writes now is looked for before the next one. */
  doubt(server: Server, error: unknown): void {
    if (server === this.#current && failureKind(error) === 'elsewhere') this.#isDoubtful = true
  }

  async close(): Promise<void> {
    await this.#search?.catch(() => undefined)
    if (this.#current) await endConnection(this.#current.pool)
  }

  async #find(): Promise<Server> {
    try {
      const found = await this.#askAll()
      this.#silenceMs = firstSilenceMs
      return this.#use(found)
    } catch (error) {
      this.#silenceMs *= 2
      const isNews = this.#current !== undefined && !this.#isMissed
      if (isNews) this.#options.logger.warn(describeFailure(error), 'no PostgreSQL server takes writes')
      this.#isMissed ||= isNews
      throw error
    }
  }

  #use({ host, address }: Found): Server {
    this.#isDoubtful = false
    const { logger, timeoutMs } = this.#options
    const name = describeHost(host)
    const before = this.#current
    if (before && this.#isMissed) logger.info({ server: name }, 'PostgreSQL takes writes again')
    else if (before?.address.host !== address.host || before?.address.port !== address.port)
      logger.info({ server: name }, 'PostgreSQL takes writes')
    this.#isMissed = false
    if (before && before.address.host === address.host && before.address.port === address.port) return before

    const config = { ...this.#cluster.shared, ...address }
    const left = new AbortController()
    const current: Current = {
      ...{ name, host, address, left: left.signal },
      pool: openPool(config, this.#options, () => this.doubt(current, new ConnectionLost('it was idle'))),
      connect: onLost => connectOnce(config, { timeoutMs }, onLost),
      leave: () => left.abort(),
    }
    this.#current = current
    if (before) {
      before.leave()
      void endConnection(before.pool) // what is under way there ends first
    }
    return current
  }

  async #askAll(): Promise<Found> {
    const { hosts, shared } = this.#cluster
    const current = this.#current
    const inTurn = hosts.toSorted((a, b) => Number(b === current?.host) - Number(a === current?.host))
    try {
      return await firstOf(
        inTurn.map(host => signal => this.#askHost(host, shared, signal)),
        headStartMs,
      )
    } catch (error) {
      throw gist(error, inTurn.map(describeHost))
    }
  }

  async #askHost(host: Host, shared: ClientConfig, signal: AbortSignal): Promise<Found> {
    const addresses = await addressesOf(host, shared).catch(error => {
      throw new ConnectionLost(error)
    })
    const known = this.#current?.address.host
    const inTurn = addresses.toSorted((a, b) => Number(b.host === known) - Number(a.host === known))
    const { timeoutMs } = this.#options
    const isAlone = this.#cluster.hosts.length === 1 && addresses.length === 1
    const silenceMs = isAlone ? timeoutMs : Math.min(this.#silenceMs, timeoutMs)
    const ask = async (address: Address, ended: AbortSignal): Promise<Found> => {
      const client = await connectOnce({ ...shared, ...address }, { timeoutMs: silenceMs, signal: ended })
      void endConnection(client)
      return { host, address }
    }
    try {
      const attempts = inTurn.map(
        address => (ended: AbortSignal) => ask(address, AbortSignal.any([signal, ended])),
      )
      return await firstOf(attempts, headStartMs)
    } catch (error) {
      throw gist(
        error,
        inTurn.map(address => `${address.host ?? 'localhost'}`),
      )
    }
  }
}

/** One error for those of all: itself where there is one, or where each of them refuses for good. */
function gist(error: unknown, names: string[]): unknown {
  if (!(error instanceof AggregateError)) return error
  const [first] = error.errors
  const isForGood = error.errors.every(each => ['refused', 'fault'].includes(failureKind(each)))
  if (error.errors.length === 1 || isForGood) return first
  const each = error.errors.map((one, index) => `${names[index]}: ${describeFailure(one).reason}`)
  return new ConnectionLost(new Error(each.join('; '), { cause: error }))
}
