import { frontendRoutes, serviceRoutes } from '@darkroom/contracts'
import { InvalidConfig } from '@darkroom/service-kit'
import { splitList } from './split-list.ts'

/** Reads URLs separated by commas, with or without a path. @throws InvalidConfig unless all are http or https URLs */
export function readPublicUrls(list: string): URL[] {
  return splitList(list).map(readPublicUrl)
}

function readPublicUrl(text: string): URL {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return url
  throw new InvalidConfig([
    `PUBLIC_URL must be http or https URLs, such as https://photos.example, separated by commas; got "${text}"`,
  ])
}

/**
 * The URL before the paths of links: the public URL with the host of the request, otherwise the first public URL, because
 * many proxies replace the host with an internal name. Without a public URL, links are paths.
 */
export function linkBase(publicUrls: readonly URL[], host: string): string {
  const asked = publicUrls.find(url => namesHost(url, host)) ?? publicUrls[0]
  return asked === undefined ? '' : `${asked.origin}${pathOf(asked)}`
}

/** `Host` leaves out the default port of the scheme, and only the public URL has the scheme. */
function namesHost({ protocol, host }: URL, asked: string): boolean {
  return URL.parse(`${protocol}//${asked}`)?.host === host
}

/**
 * Removes the path of a public URL from the path of a request: a proxy may pass it on, and a client may follow a link
 * without the proxy. It is not removed if one of our own routes begins with it, because the two can't be distinguished. The
 * target of a request may also be a complete URL (RFC 9112, 3.2.2), whose path is used.
 */
export function withoutPublicPath(
  publicUrls: readonly URL[],
): (request: { url?: string | undefined }) => string {
  const paths = [...new Set(publicUrls.map(pathOf))].filter(path => path !== '' && !beginsLikeRoute(path))
  paths.sort((one, other) => other.length - one.length)
  return ({ url: target = '/' }) => {
    const url = target.replace(/^https?:\/\/[^/?]+\/?/i, '/')
    const path = paths.find(path => url.startsWith(path) && /^[/?]|^$/.test(url.slice(path.length)))
    if (path === undefined) return url
    const rest = url.slice(path.length)
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}

function pathOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '')
}

function beginsLikeRoute(path: string): boolean {
  return ownSegments.has(path.split('/')[1] ?? '')
}

const ownSegments = new Set([
  ...['openapi.json', 'status', 'docs', 'assets'],
  ...[...Object.values(frontendRoutes), ...Object.values(serviceRoutes)].map(({ url }) => url.split('/')[1]),
])
