import { isIP } from 'node:net'
import { InvalidConfig } from '@darkroom/service-kit'

/** The proxies whose X-Forwarded headers are used: all, these addresses, or those for which the function returns true. */
export type TrustProxy = true | string[] | ((address: string, hop: number) => boolean)

const namedNetworks = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Undefined if no proxy is trusted. @throws InvalidConfig */
export function readTrustProxy(text: string): TrustProxy | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'false' || trimmed === '0') return undefined
  if (trimmed === 'true') return true
  if (/^\d{1,2}$/.test(trimmed)) return (_address, hop) => hop < Number(trimmed)
  const addresses = trimmed.split(',').map(each => each.trim())
  const wrong = addresses.find(each => !namedNetworks.has(each) && !isNetwork(each))
  if (wrong === undefined) return addresses
  throw new InvalidConfig([
    `TRUST_PROXY must be addresses or networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas; or a number of proxies; or true; got "${wrong}"`,
  ])
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
