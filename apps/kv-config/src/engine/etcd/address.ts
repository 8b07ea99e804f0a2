import { InvalidConfig } from '@darkroom/service-kit'

export interface EtcdAddress {
  /** Base URLs of the members, in the given order. */
  endpoints: string[]
  credentials?: Credentials
  /** The prefix of all keys of this store in etcd. */
  prefix: string
}

export interface Credentials {
  name: string
  password: string
}

const form = 'etcd://[user:password@]host:port[,host:port…][?prefix=…&tls=true]'
const defaultPort = '2379'
const defaultPrefix = 'darkroom/'

/**
 * Reads `etcd://user:password@a:2379,b:2379?prefix=darkroom/&tls=true`. User and password are percent-encoded.
 *
 * @throws InvalidConfig naming KV_STORE_URL
 */
export function parseEtcdUrl(url: string): EtcdAddress {
  // An @ after the question mark belongs to a password that was not encoded: then the message must not show any of it.
  const parts = /^etcd:\/\/(?:(?<user>[^@/?]*)@)?(?<hosts>[^@/?]+)\/?(?:\?(?<query>[^@]*))?$/.exec(
    url,
  )?.groups
  if (parts?.hosts === undefined) throw mistake(`must be ${form}`)
  const query = new URLSearchParams(parts.query)
  const unknown = [...query.keys()].find(name => name !== 'prefix' && name !== 'tls')
  if (unknown !== undefined) throw mistake(`has the unknown option ${unknown}; expected ${form}`)
  const scheme = readFlag(query.get('tls')) ? 'https' : 'http'
  const prefix = query.get('prefix') ?? defaultPrefix
  if (prefix === '') throw mistake('has an empty prefix: use at least one character')
  return {
    endpoints: parts.hosts.split(',').map(host => endpointOf(scheme, host)),
    prefix,
    ...(parts.user !== undefined && { credentials: readCredentials(parts.user) }),
  }
}

function readFlag(text: string | null): boolean {
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw mistake(`has tls=${text}; expected true or false`)
}

function endpointOf(scheme: 'http' | 'https', host: string): string {
  const hasPort = /:\d+$/.test(host)
  const url = `${scheme}://${hasPort ? host : `${host}:${defaultPort}`}`
  if (!/[\s\\]/.test(host) && URL.canParse(url)) return url
  throw mistake(`has a member that is not host:port: "${host}"`)
}

function readCredentials(user: string): Credentials {
  const [name, password, ...rest] = user.split(':').map(decode)
  if (name && password !== undefined && rest.length === 0) return { name, password }
  throw mistake('must have user:password before the @, each percent-encoded')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw mistake('has a user or password that is not percent-encoded', cause)
  }
}

/** Omits the URL itself, which may contain a password. */
function mistake(words: string, cause?: unknown): InvalidConfig {
  return Object.assign(new InvalidConfig([`KV_STORE_URL ${words}`]), cause === undefined ? {} : { cause })
}
