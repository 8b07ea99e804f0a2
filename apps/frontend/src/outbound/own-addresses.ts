import { networkInterfaces } from 'node:os'
import { Registration, registrationsPrefix } from '@darkroom/contracts'
import { type KvClient, keysUnder, readJson } from '@darkroom/service-kit'
import { resolveHost } from './resolve-host.ts'
import { hostOf, portOf } from './target.ts'

/** Whether one of Darkroom's services listens at an address and port, by the registrations in kv-config. */
export async function isOwnAddress(kv: KvClient, address: string, port: number): Promise<boolean> {
  const hosts = (await registeredUrls(kv)).filter(url => portOf(url) === port).map(hostOf)
  if (hosts.length > 0 && isOfThisMachine(address)) return true
  const addresses = await Promise.all(hosts.map(host => resolveHost(host).catch(() => [])))
  return addresses.flat().includes(address)
}

/** Whether an address belongs to this machine. The unspecified address reaches it, too, as loopback addresses do. */
export function isOfThisMachine(address: string): boolean {
  if (/^127\.|^::1$|^0\.0\.0\.0$|^::$/.test(address)) return true
  return Object.values(networkInterfaces()).some(found => found?.some(own => own.address === address))
}

async function registeredUrls(kv: KvClient): Promise<URL[]> {
  const urls: URL[] = []
  for await (const { value } of keysUnder(kv, registrationsPrefix)) {
    const registration = readJson(Registration, value)
    const url = registration && URL.parse(registration.url)
    if (url) urls.push(url)
  }
  return urls
}
