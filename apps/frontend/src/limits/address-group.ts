import { isIPv6 } from 'node:net'

/**
 * Groups addresses of one client for counting. An IPv6 client can choose the last 64 bits of its address, so the group is
 * the first 64 bits. An IPv4 address is a group of its own, also in the form ::ffff:a.b.c.d. Some proxies, such as Azure
 * Application Gateway, add the port of the client, which differs for each connection.
 */
export function addressGroup(address: string): string {
  const bare = address.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  const [plain = ''] = bare.split('%') // without the zone of a link-local address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(plain)) return plain
  const [before = '', after] = plain.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return `${groups.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
