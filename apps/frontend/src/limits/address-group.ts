import { isIPv6 } from 'node:net'

/**
 * The addresses that are counted as one. An IPv6 client chooses the last 64 bits of its address, so only the first 64
 * count; an IPv4 address counts as a whole, also where a socket shows it as ::ffff:a.b.c.d.
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
