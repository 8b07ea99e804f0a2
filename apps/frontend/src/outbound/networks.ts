import { InvalidConfig } from '@darkroom/service-kit'
import ipaddr from 'ipaddr.js'
import { splitList } from '../split-list.ts'

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** All public addresses of IPv6 so far; outside of it, `::7f00:1` is an obsolete form of 127.0.0.1 (RFC 4291, 2.4). */
const publicIpv6 = ipaddr.parseCIDR('2000::/3')

/** The addresses to which the frontend may connect for callers: public addresses, and the operator's networks. */
export class Networks {
  readonly #allowed: readonly Range[]

  constructor(allowed: readonly Range[] = []) {
    this.#allowed = allowed
  }

  isAllowed(address: string): boolean {
    return this.isPublic(address) || this.isListed(address)
  }

  isPublic(address: string): boolean {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(publicIpv6))
  }

  isListed(address: string): boolean {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address) // an IPv4 address in IPv6 (RFC 4291, 2.5.5.2) becomes the IPv4 address
    return this.#allowed.some(range => parsed.kind() === range[0].kind() && parsed.match(range))
  }
}

/** Reads networks in CIDR notation, separated by commas. A plain address is a network, too. @throws InvalidConfig */
export function readNetworks(list: string): Networks {
  return new Networks(splitList(list).map(readNetwork))
}

function readNetwork(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  // Not the short forms of IPv4 addresses: "10" would be 0.0.0.10.
  if (ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const address = ipaddr.parse(text)
    return [address, address.kind() === 'ipv6' ? 128 : 32] as Range
  }
  throw new InvalidConfig([
    `OUTBOUND_NETWORKS must be networks such as 10.1.0.0/16, separated by commas; got "${text}"`,
  ])
}
