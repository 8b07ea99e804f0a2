import querystring from 'node:querystring'

export interface BaseUrl {
  origin: string
  /** What comes before the path of each request: empty, or a path without a slash at its end. */
  path: string
  /** That of the credentials in the URL (RFC 7617), if there are any. */
  authorization?: string
}

/** What a base URL says of every request under it. The path of a request stays as it is: `..` in a key is no step up. */
export function readBaseUrl(url: string): BaseUrl {
  const { origin, pathname, username, password } = new URL(url)
  const credentials = `${querystring.unescape(username)}:${querystring.unescape(password)}`
  return {
    origin,
    path: pathname.replace(/\/+$/, ''),
    ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  }
}
