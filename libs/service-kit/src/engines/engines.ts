/** The engines of a service, by a regular expression that matches their whole URL. */
export type Engines<Open> = Readonly<Record<string, Open>>

/** The pattern of a setting that names an engine. */
export function engineUrlPattern(engines: Engines<unknown>): string {
  return `^(${Object.keys(engines).join('|')})$`
}

/** Finds the engine for a URL. The error omits the URL, which may contain a password. */
export function engineFor<Open>(engines: Engines<Open>, url: string): Open {
  const found = Object.entries(engines).find(([form]) => new RegExp(`^(${form})$`).test(url))
  if (!found) throw new Error(`unknown kind of URL: expected ${Object.keys(engines).join(' or ')}`)
  return found[1]
}
