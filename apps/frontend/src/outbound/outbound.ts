import { createHmac, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { type KvClient, ServiceUnavailable } from '@darkroom/service-kit'
import {
  Agent,
  buildConnector,
  Client,
  type Connector,
  type Dispatcher,
  errors,
} from '@darkroom/service-kit/undici'
import { Networks } from './networks.ts'
import { type FailureWord, OutboundFailure } from './outbound-failure.ts'
import { isOfThisMachine, isOwnAddress } from './own-addresses.ts'
import { resolveHost } from './resolve-host.ts'
import { SlotsByAddress } from './slots-by-address.ts'
import { hostOf, mistakeInTarget, portOf } from './target.ts'

export interface OutboundOptions {
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
  /** Ends the request, and the reading of its answer. */
  signal: AbortSignal
}

export interface OutboundAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Read it to its end, or destroy it. */
  body: Dispatcher.ResponseData['body']
}

/** How long to wait for the headers of an answer, and for more bytes of its body. */
const stallTimeoutMs = 10_000
const timeouts = { headersTimeout: stallTimeoutMs, bodyTimeout: stallTimeoutMs }
/** How long to wait for a connection. */
const connectTimeoutMs = 5000
/** To how many addresses of one name and family it connects: a name with thousands of them must not start a flood. */
const maxAddresses = 4
/** How many downloads from one address are under way at once, so that no host can be flooded through this one. */
export const downloadsPerAddress = 16

/**
 * Sends requests to URLs that callers name: sources of images, and receivers of webhooks. Every connection is checked:
 * an address that is neither public nor in a network of the operator is refused, and so is Darkroom itself. Names are
 * resolved here, and connections go to the addresses that were checked (DNS rebinding). Redirects are not followed.
 */
export class Outbound {
  /** The User-Agent of all requests. A frontend refuses requests with its own, so that redirects can't make a loop. */
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
  async request(url: string, { method, headers, body, signal }: OutboundRequest): Promise<OutboundAnswer> {
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
      const answer = await (method === 'GET' ? this.#download(request) : this.#notices.request(request))
      return { status: answer.statusCode, headers: answer.headers, body: answer.body }
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  /** Each download has a connection of its own, which counts for its address, and is closed with the body. */
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
      const answer = await connection.request(request)
      answer.body.once('close', close)
      return answer
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

/**
 * The addresses with a free slot. Each has its slot until there is a connection; then only the address of the
 * connection keeps it.
 *
 * @throws OutboundFailure if no slot is free
 */
function takeSlots(addresses: readonly string[], slots: SlotsByAddress, callback: Connector.Callback) {
  const taken = new Map<string, Disposable>()
  for (const address of new Set(addresses)) {
    const slot = slots.take(address)
    if (slot) taken.set(address, slot)
  }
  if (taken.size === 0) throw new OutboundFailure('busy')
  const free = () => {
    for (const slot of taken.values()) slot[Symbol.dispose]()
    taken.clear()
  }
  const finish: Connector.Callback = (...[error, socket]) => {
    if (!socket) {
      free()
      callback(error as Error, null)
      return
    }
    for (const [address, slot] of taken) {
      if (taken.size === 1 || address === socket.remoteAddress) continue
      slot[Symbol.dispose]()
      taken.delete(address)
    }
    if (socket.destroyed) free()
    else socket.once('close', free)
    callback(null, socket)
  }
  return { addresses: [...taken.keys()], finish }
}

/** The failure of a request, or of reading its answer. If the signal is aborted, its reason is returned unchanged. */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return isTimeout(signal.reason) ? new OutboundFailure('timeout', error) : signal.reason
  if (error instanceof OutboundFailure || error instanceof ServiceUnavailable) return error
  if (isTimeout(error)) return new OutboundFailure('timeout', error)
  return new OutboundFailure(wordFor(error), error)
}

function wordFor(error: unknown): FailureWord {
  if (isUntrusted(error)) return 'untrusted'
  if (isWithoutTls(error)) return 'no-tls'
  return isBroken(error) ? 'broken' : 'unreachable'
}

/** Errors of a connection that was made; those of undici are about what arrived. HTTPParserError is not an UndiciError. */
function isBroken(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return (
    error instanceof errors.UndiciError ||
    error instanceof errors.HTTPParserError ||
    ['ECONNRESET', 'EPIPE'].includes(code)
  )
}

/** The other side does not support TLS, one of our versions of it, or HTTP/1.1 over TLS. */
function isWithoutTls(error: unknown): boolean {
  return /^(EPROTO|ERR_SSL_.*)$/.test((error as NodeJS.ErrnoException).code ?? '')
}

/** The codes of Node.js for certificates: those of OpenSSL without X509_V_ERR_, and one for a wrong name. */
function isUntrusted(error: unknown): boolean {
  return /^(CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)_/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}

function isTimeout(error: unknown): boolean {
  return (
    (error instanceof DOMException && error.name === 'TimeoutError') ||
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  )
}
