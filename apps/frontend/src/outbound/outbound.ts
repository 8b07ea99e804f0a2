import { createHmac, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { KvClient } from '@darkroom/service-kit'
import { Agent, buildConnector, Client, type Connector, type Dispatcher } from '@darkroom/service-kit/undici'
import { failureOf } from './failure-of.ts'
import { Networks } from './networks.ts'
import { OutboundFailure } from './outbound-failure.ts'
import { isOfThisMachine, isOwnAddress } from './own-addresses.ts'
import { resolveHost } from './resolve-host.ts'
import { SlotsByAddress, takeSlots } from './slots-by-address.ts'
import { hostOf, mistakeInTarget, portOf } from './target.ts'

interface OutboundOptions {
  kv: KvClient
  networks?: Networks
  publicUrls?: readonly URL[]
  /** Frontends with the same token recognise each other by it. */
  clusterToken?: string | undefined
  /** Resolves names, by default by DNS. */
  resolve?: (host: string) => Promise<string[]>
}

export interface OutboundRequest {
  method: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** Ends the request, and the reading of its response. */
  signal: AbortSignal
}

export interface OutboundResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Read it to its end, or destroy it. */
  body: Dispatcher.ResponseData['body']
}

/** Only the signal of a request limits how long its server may take. */
const timeouts = { headersTimeout: 0, bodyTimeout: 0 }
/** How long to wait for a connection. */
const connectTimeoutMs = 5000
/**
 * The maximum number of addresses of one name and family to connect to: a name with thousands of addresses must not cause a
 * flood.
 */
const maxAddresses = 4
/** The maximum number of simultaneous downloads from one address, so that callers can't flood a host through Darkroom. */
export const downloadsPerAddress = 16

/**
 * Sends requests to URLs that callers name: sources of images, and receivers of webhooks. Every connection is checked:
 * an address that is neither public nor in a network of the operator is refused, and so is Darkroom itself. Names are
 * resolved here, and connections go to the addresses that were checked (DNS rebinding). Redirects are not followed.
 */
export class Outbound {
  /**
   * The User-Agent of all requests. A frontend refuses requests with its own User-Agent, so that redirects can't cause a
   * loop.
   */
  readonly userAgent: string
  readonly #options: Required<Omit<OutboundOptions, 'clusterToken'>>
  /** For POST. The sender of webhooks limits these by host. */
  readonly #notices: Dispatcher
  readonly #downloads = new Set<Dispatcher>()
  readonly #slots = new SlotsByAddress(downloadsPerAddress)

  constructor({
    kv,
    networks = new Networks(),
    publicUrls = [],
    clusterToken,
    resolve = resolveHost,
  }: OutboundOptions) {
    this.#options = { kv, networks, publicUrls, resolve }
    const id = createHmac('sha256', clusterToken ?? randomBytes(16))
      .update('user agent')
      .digest('hex')
    this.userAgent = `Darkroom/0.1 (${id.slice(0, 16)})`
    this.#notices = new Agent({
      ...timeouts,
      connect: (options, callback) => void this.#connect(options, callback),
    })
  }

  /** The mistake in a URL; undefined if its text is allowed. Its name may still resolve to a forbidden address. */
  mistakeIn(url: string): string | undefined {
    return mistakeInTarget(url, this.#options)
  }

  /** @throws OutboundFailure; the reason of `signal` */
  async request(url: string, { method, headers, body, signal }: OutboundRequest): Promise<OutboundResponse> {
    if (this.mistakeIn(url) !== undefined) throw new OutboundFailure('not-allowed')
    try {
      const { origin, pathname, search } = new URL(url)
      const request = {
        origin,
        path: pathname + search,
        method,
        headers: { 'user-agent': this.userAgent, 'accept-encoding': 'identity', ...headers },
        ...(body !== undefined && { body }),
        signal,
      }
      const response = await (method === 'GET' ? this.#download(request) : this.#notices.request(request))
      return { status: response.statusCode, headers: response.headers, body: response.body }
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  /** Each download has its own connection, which counts for its address and is closed with the body. */
  async #download(request: Dispatcher.RequestOptions & { origin: string }): Promise<Dispatcher.ResponseData> {
    const connection = new Client(request.origin, {
      ...timeouts,
      connect: (options, callback) => void this.#connect(options, callback, this.#slots),
    })
    this.#downloads.add(connection)
    const close = () => {
      this.#downloads.delete(connection)
      void connection.destroy()
    }
    try {
      const response = await connection.request(request)
      response.body.once('close', close)
      return response
    } catch (error) {
      close()
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#notices.destroy(), ...[...this.#downloads].map(download => download.destroy())])
  }

  async #connect(
    options: Connector.Options,
    callback: Connector.Callback,
    slots?: SlotsByAddress,
  ): Promise<void> {
    try {
      const checked = await this.#checkedAddresses(options)
      const { addresses, finish } = slots
        ? takeSlots(checked, slots, callback)
        : { addresses: checked, finish: callback }
      const found = addresses.map(address => ({ address, family: isIP(address) }))
      const connect = buildConnector({
        allowH2: false,
        timeout: connectTimeoutMs,
        lookup: (_host, { all }, done) => {
          const [first] = found
          if (all) done(null, found)
          else done(null, first?.address ?? '', first?.family)
        },
      })
      connect(options, finish)
    } catch (error) {
      callback(error as Error, null)
    }
  }

  /** At least one. @throws OutboundFailure */
  async #checkedAddresses({ hostname, port, protocol }: Connector.Options): Promise<string[]> {
    const { kv, networks, resolve } = this.#options
    const resolved = await resolve(hostOf({ hostname })).catch(cause => {
      throw new OutboundFailure('not-found', cause)
    })
    const addresses = fewOf(resolved.filter(address => networks.isAllowed(address)))
    // The same error as for a name that does not exist, so that callers can't find out internal names.
    if (addresses.length === 0) throw new OutboundFailure('not-found')
    for (const address of addresses) {
      if (networks.isPublic(address) && !isOfThisMachine(address)) continue
      if (await isOwnAddress(kv, address, portOf({ port, protocol })))
        throw new OutboundFailure('not-allowed')
    }
    return addresses
  }
}

function fewOf(addresses: readonly string[]): string[] {
  return [4, 6].flatMap(family =>
    addresses.filter(address => isIP(address) === family).slice(0, maxAddresses),
  )
}
