import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { StoreMisconfigured } from '@darkroom/service-kit'
import type { ClientConfig } from 'pg'
import { parse, toClientConfig } from 'pg-connection-string'

/** One server of the URL. Without a host or a port, pg's defaults apply. */
export interface Host {
  name: string | undefined
  port: number | undefined
}

export interface Cluster {
  hosts: readonly Host[]
  /** Database, user, password, TLS and everything else that is the same for every host. */
  shared: ClientConfig
}

/** One address of a host, for a connection. */
export type Address = Pick<ClientConfig, 'host' | 'port' | 'ssl'>

const form = 'postgres://user:password@host:port[,host:port…]/database'
/** Values of libpq's target_session_attrs that allow writes. */
const writing = new Set(['read-write', 'primary', 'any'])

/**
 * Reads a URL with one host or several, as libpq does: `postgres://u:p@a:5432,b:5432/db`, or
 * `?host=a,b&port=5432,5433`.
 *
 * @throws StoreMisconfigured; the message omits the URL, which may contain a password
 */
export function readClusterUrl(url: string): Cluster {
  const parts = /^(?<scheme>\w+:\/\/)(?:(?<user>[^/?#]*)@)?(?<hosts>[^/?#]*)(?<rest>.*)$/s.exec(url)?.groups
  if (!parts) throw mistake(`must be ${form}`)
  const { scheme = '', user, hosts = '', rest = '' } = parts
  const [first = '', ...others] = hosts.split(',')
  const {
    host,
    port,
    target_session_attrs: target,
    ...shared
  } = parseFirst(`${scheme}${user === undefined ? '' : `${user}@`}${first}${rest}`)
  if (typeof target === 'string' && !writing.has(target))
    throw mistake(
      `has target_session_attrs=${target}, but this service writes: leave it out, or use read-write`,
    )
  const named = new URLSearchParams(/\?([^#]*)/.exec(rest)?.[1])
  const list =
    named.has('host') || named.has('port')
      ? fromLists(String(host ?? ''), String(port ?? ''))
      : [first, ...others].map(readHost)
  return { hosts: list, shared: toClientConfig(shared as ReturnType<typeof parse>) }
}

/** Host and port for messages, without user and password. */
export function describeHost({ name, port }: Host): string {
  return `${name?.includes(':') ? `[${name}]` : (name ?? 'localhost')}:${port ?? 5432}`
}

/** All current addresses of a name. The certificate must be for the name. */
export async function addressesOf({ name, port }: Host, { ssl }: ClientConfig): Promise<Address[]> {
  const shared = { ...(port !== undefined && { port }), ...(ssl !== undefined && { ssl }) }
  if (name === undefined) return [shared]
  if (name.startsWith('/') || isIP(name) !== 0) return [{ ...shared, host: name }]
  const found = await lookup(name, { all: true, order: 'verbatim' })
  const named = ssl ? { ssl: { ...(ssl === true ? {} : ssl), servername: name } } : {}
  return found.map(({ address }) => ({ ...shared, ...named, host: address }))
}

function parseFirst(url: string) {
  try {
    return parse(url) as ReturnType<typeof parse> & { target_session_attrs?: string }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_INVALID_URL') throw unreadable(cause)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StoreMisconfigured(`PostgreSQL cannot be used: ${reason}`, { cause }) // for example, the file of a certificate is missing
  }
}

function fromLists(hosts: string, ports: string): Host[] {
  const each = ports.split(',')
  return hosts.split(',').map((name, index) => ({
    name: name || undefined,
    port: readPort(each.length === 1 ? each[0] : each[index]),
  }))
}

function readHost(text: string): Host {
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>[^:]*))?$/.exec(text)?.groups
  if (!parts) throw mistake(`has a host that is not valid; expected ${form}`)
  return { name: decode(parts.v6 ?? parts.name ?? '') || undefined, port: readPort(parts.port) }
}

function readPort(text: string | undefined): number | undefined {
  if (!text) return undefined
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw unreadable(undefined)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** The message contains no part of the URL: an @ or a colon that was not encoded may belong to a password. */
function unreadable(cause: unknown): StoreMisconfigured {
  const reason =
    'is not valid: ports are 1–65535, and special characters of a password must be percent-encoded'
  return mistake(reason, cause)
}

function mistake(reason: string, cause?: unknown): StoreMisconfigured {
  return new StoreMisconfigured(`PostgreSQL cannot be used: its URL ${reason}`, { cause })
}
