import type { Client, ClientConfig, Pool } from 'pg'
import { type ConnectionOptions, connectOnce, endConnection, openPool } from './connection.ts'
import { ConnectionLost, describeFailure, failureKind } from './failures.ts'
import { firstOf } from './first-of.ts'
import { type Address, addressesOf, type Cluster, describeHost, type Host, readClusterUrl } from './hosts.ts'

/** If a server hasn't answered after this time, the next is tried as well. */
const headStartMs = 250
/** With several servers, how long each has to answer at first; the time doubles with each failed search. */
const firstResponseTimeoutMs = 1000

/** The server that accepts writes, as far as is known. */
export interface Server {
  /** host:port */
  readonly name: string
  readonly pool: Pool
  /** Aborted when another server has replaced this server. */
  readonly left: AbortSignal
  /** Opens a separate connection. `onLost` is called once when it ends. */
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
 * Finds the server that accepts writes among several, the primary, as libpq does for target_session_attrs=read-write.
 * After a lost connection or a refused write, it searches again; if the server is still the same, its connections
 * stay.
 */
export class Servers {
  readonly #options: ConnectionOptions
  readonly #cluster: Cluster
  #current: Current | undefined
  /** The current server has failed, or refused a write. */
  #isSuspect = false
  #search: Promise<Server> | undefined
  #responseTimeoutMs = firstResponseTimeoutMs
  /** Whether it was logged that no server was found. */
  #isOutageLogged = false

  /** @throws StoreMisconfigured if the URL is not valid */
  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#cluster = readClusterUrl(options.url)
  }

  /**
   * Returns the server that accepts writes. Simultaneous callers share one search.
   *
   * @throws the reason why no server accepts writes: a ConnectionLost that names each server, if there are several and
   * a retry may succeed
   */
  async forWrites(): Promise<Server> {
    if (this.#current && !this.#isSuspect) return this.#current
    this.#search ??= this.#find().finally(() => {
      this.#search = undefined
    })
    return this.#search
  }

  /** The same, but accepts a server that now refuses writes: its open connections still read all data. */
  async forReads(): Promise<Server> {
    return this.#current ?? this.forWrites()
  }

  /** After a failure: the next request first searches for the server that accepts writes. */
  suspect(server: Server, error: unknown): void {
    if (server === this.#current && failureKind(error) === 'elsewhere') this.#isSuspect = true
  }

  async close(): Promise<void> {
    await this.#search?.catch(() => undefined)
    if (this.#current) await endConnection(this.#current.pool)
  }

  async #find(): Promise<Server> {
    try {
      const found = await this.#findAmongHosts()
      this.#responseTimeoutMs = firstResponseTimeoutMs
      return this.#use(found)
    } catch (error) {
      this.#responseTimeoutMs *= 2
      const isNew = this.#current !== undefined && !this.#isOutageLogged
      if (isNew) this.#options.logger.warn(describeFailure(error), 'no PostgreSQL server accepts writes')
      this.#isOutageLogged ||= isNew
      throw error
    }
  }

  #use({ host, address }: Found): Server {
    this.#isSuspect = false
    const { logger, timeoutMs } = this.#options
    const name = describeHost(host)
    const before = this.#current
    if (before && this.#isOutageLogged) logger.info({ server: name }, 'PostgreSQL accepts writes again')
    else if (before?.address.host !== address.host || before?.address.port !== address.port)
      logger.info({ server: name }, 'using this PostgreSQL server for writes')
    this.#isOutageLogged = false
    if (before && before.address.host === address.host && before.address.port === address.port) return before

    const config = { ...this.#cluster.shared, ...address }
    const left = new AbortController()
    const current: Current = {
      name,
      host,
      address,
      left: left.signal,
      pool: openPool(config, this.#options, () => this.suspect(current, new ConnectionLost('it was idle'))),
      connect: onLost => connectOnce(config, { timeoutMs }, onLost),
      leave: () => left.abort(),
    }
    this.#current = current
    if (before) {
      before.leave()
      void endConnection(before.pool) // it waits for queries in progress
    }
    return current
  }

  async #findAmongHosts(): Promise<Found> {
    const { hosts, shared } = this.#cluster
    const current = this.#current
    const inTurn = hosts.toSorted((a, b) => Number(b === current?.host) - Number(a === current?.host))
    try {
      return await firstOf(
        inTurn.map(host => signal => this.#findAtHost(host, shared, signal)),
        headStartMs,
      )
    } catch (error) {
      throw combineErrors(error, inTurn.map(describeHost))
    }
  }

  async #findAtHost(host: Host, shared: ClientConfig, signal: AbortSignal): Promise<Found> {
    const addresses = await addressesOf(host, shared).catch(error => {
      throw new ConnectionLost(error)
    })
    const known = this.#current?.address.host
    const inTurn = addresses.toSorted((a, b) => Number(b.host === known) - Number(a.host === known))
    const { timeoutMs } = this.#options
    const isAlone = this.#cluster.hosts.length === 1 && addresses.length === 1
    const responseTimeoutMs = isAlone ? timeoutMs : Math.min(this.#responseTimeoutMs, timeoutMs)
    const connect = async (address: Address, ended: AbortSignal): Promise<Found> => {
      const client = await connectOnce(
        { ...shared, ...address },
        { timeoutMs: responseTimeoutMs, signal: ended },
      )
      void endConnection(client)
      return { host, address }
    }
    try {
      const attempts = inTurn.map(
        address => (ended: AbortSignal) => connect(address, AbortSignal.any([signal, ended])),
      )
      return await firstOf(attempts, headStartMs)
    } catch (error) {
      throw combineErrors(
        error,
        inTurn.map(address => `${address.host ?? 'localhost'}`),
      )
    }
  }
}

/** Combines several errors. If there is only one, or if no retry can succeed, returns the first error itself. */
function combineErrors(error: unknown, names: string[]): unknown {
  if (!(error instanceof AggregateError)) return error
  const [first] = error.errors
  const isForGood = error.errors.every(each => ['refused', 'fault'].includes(failureKind(each)))
  if (error.errors.length === 1 || isForGood) return first
  const each = error.errors.map((one, index) => `${names[index]}: ${describeFailure(one).reason}`)
  return new ConnectionLost(new Error(each.join('; '), { cause: error }))
}
