import { isIP } from 'node:net'
import type { Networks } from './networks.ts'

/** Proxies and forms may truncate longer URLs. */
const maxUrlLength = 2000

interface TargetRules {
  networks: Networks
  /** The URLs of this Darkroom for browsers. */
  publicUrls: readonly URL[]
}

/**
 * The mistake in the text of a URL that a caller named; undefined if it is allowed. Names are checked when they are
 * resolved, for each connection. `URL` normalises unusual notations of addresses (0x7f000001, 127.1).
 */
export function mistakeInTarget(text: string, { networks, publicUrls }: TargetRules): string | undefined {
  const url = URL.parse(text)
  if (text.length > maxUrlLength) return `it is longer than ${maxUrlLength} characters`
  // `URL` ignores some of them; databases can't store all of them.
  if (/[\p{Cc}\p{Cs}]/u.test(text))
    return 'it must not contain control characters, nor halves of surrogate pairs'
  if (!url || !/^https?:$/.test(url.protocol)) return 'it must be an http or https URL'
  if (url.username !== '' || url.password !== '') return 'it must not contain a user name or a password'
  const port = portOf(url)
  if (port !== 80 && port !== 443 && port < 1024) return 'its port must be 80, 443 or above 1023'
  const host = hostOf(url)
  if (isIP(host) !== 0 && !networks.isAllowed(host))
    return `its address ${host} is not public; an operator can allow a network with OUTBOUND_NETWORKS`
  if (publicUrls.some(own => leadsTo(url, own))) return 'it leads to this Darkroom itself'
  return undefined
}

/** The host without the brackets of an IPv6 address and without the dot at the end of a name. */
export function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

export function portOf({ port, protocol }: Pick<URL, 'port' | 'protocol'>): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

/** Under a public URL with a path, only that path is ours. */
function leadsTo(url: URL, own: URL): boolean {
  const ownPorts = own.port === '' ? [80, 443] : [portOf(own)]
  const ownPath = own.pathname.replace(/\/+$/, '')
  return (
    hostOf(url) === hostOf(own) &&
    ownPorts.includes(portOf(url)) &&
    (url.pathname === ownPath || url.pathname.startsWith(`${ownPath}/`))
  )
}
