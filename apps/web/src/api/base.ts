/** The base URL of Darkroom. The folder of the scripts is next to the routes, under any path of a proxy. */
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
