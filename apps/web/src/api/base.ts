/** Where Darkroom is: the scripts lie in a folder beside its routes, whatever path a proxy puts before them. */
const script = import.meta.url
export const base = new URL('..', script)

/** The URL of a path of the API, such as `images/<id>`. */
export function urlOf(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const url = new URL(path, base)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value))
  return url.href
}
