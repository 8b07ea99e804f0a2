/** The file of SQLite or the folder of a URL; undefined for a server. */
export function pathOf(url: string): string | undefined {
  return /^(?:sqlite|file):(.*)$/s.exec(url)?.[1]
}

/** The store of a URL, without its password. With an unencoded @, nothing after the scheme is shown: it may be secret. */
export function placeOf(url: string): string {
  const path = pathOf(url)
  if (path !== undefined) return path
  const [, scheme, host = '…'] = /^(\w+:\/\/)(?:(?:[^@/?#]*@)?([^@?#]+)(?:\?[^@]*)?$)?/.exec(url) ?? []
  return `${scheme}${host}`
}
