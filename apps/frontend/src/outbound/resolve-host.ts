import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Not `lookup`, which uses the threads of the file system: a few slow names would delay the storage in the same process. */
const resolver = new Resolver({ timeout: 2000, tries: 2 })
/** Errors after which the name may still be in /etc/hosts: unknown to the name servers, or there are no name servers. */
const mayBeLocal = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED', 'EBADNAME'])

/**
 * The addresses of a host name; an address is its own address. An IPv4 address in IPv6 (RFC 4291, 2.5.5.2) becomes the
 * IPv4 address, so that the same address has the same text.
 *
 * @throws if the name has no address
 */
export async function resolveHost(host: string): Promise<string[]> {
  return (await addressesOf(host)).map(address => ipaddr.process(address).toString())
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  // A name without a dot is not public: it is from a hosts file or a container engine.
  if (!host.includes('.')) return lookUp(host)
  const responses = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = responses.flatMap(response => (response.status === 'fulfilled' ? response.value : []))
  if (addresses.length > 0) return addresses
  const refusal = responses.find(
    response => response.status === 'rejected' && !mayBeLocal.has(response.reason?.code),
  )
  if (refusal?.status === 'rejected') throw refusal.reason
  return lookUp(host)
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}
