import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

/** `lookup` uses the threads of the file system: a few slow names would hold up the storage of the same process. */
const resolver = new Resolver({ timeout: 2000, tries: 2 })
/** The name servers have no such name, or there are no name servers: /etc/hosts may know it. */
const mayBeLocal = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED', 'EBADNAME'])

/** The addresses of a host name; of an address, itself. @throws if it has none */
export async function resolveHost(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  // A name without a dot is not public; hosts files and the engines of containers know it.
  if (!host.includes('.')) return lookUp(host)
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
  if (addresses.length > 0) return addresses
  const refusal = answers.find(answer => answer.status === 'rejected' && !mayBeLocal.has(answer.reason?.code))
  if (refusal?.status === 'rejected') throw refusal.reason
  return lookUp(host)
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}
