/** Whether the URL names a file of SQLite. */
export function isFile(url: string): boolean {
  return url.startsWith('sqlite:')
}

/** The store of a URL, without its password. With an unencoded @, nothing after the scheme is shown: it may be secret. */
export function placeOf(url: string): string {
  if (isFile(url)) return url.slice('sqlite:'.length)
  const [, scheme, host = '…'] = /^(\w+:\/\/)(?:(?:[^@/?#]*@)?([^@?#]+)(?:\?[^@]*)?$)?/.exec(url) ?? []
  return `${scheme}${host}`
}
