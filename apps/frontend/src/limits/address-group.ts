import { isIPv6 } from 'node:net'

/**
 * Groups addresses of one client for counting. An IPv6 client can choose the last 64 bits of its address, so the group is
 * the first 64 bits. An IPv4 address is a group of its own, also in the form ::ffff:a.b.c.d.
 */
export function addressGroup(address: string): string {
  const [plain = ''] = address.split('%') // without the zone of a link-local address
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
