import querystring from 'node:querystring'

interface BaseUrl {
  origin: string
  /** The path before the path of each request: empty, or without a slash at its end. */
  path: string
  /** The Authorization header for the credentials in the URL (RFC 7617), if there are any. */
  authorization?: string
}

/**
 * Reads the parts of a base URL that apply to every request. The path of a request is not normalised, so that a key may
 * contain `..`.
 */
export function readBaseUrl(url: string): BaseUrl {
  const { origin, pathname, username, password } = new URL(url)
  const credentials = `${querystring.unescape(username)}:${querystring.unescape(password)}`
  return {
    origin,
    path: pathname.replace(/\/+$/, ''),
    ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  }
}

/** A base URL without credentials, for messages and logs. */
export function withoutCredentials(url: string): string {
  const { origin, path } = readBaseUrl(url)
  return origin + path
}
