/** The engines of a service, each by the form of its URLs: a regular expression for the whole of them. */
export type Engines<Open> = Readonly<Record<string, Open>>

/** The pattern of a setting that names an engine. */
export function engineUrlPattern(engines: Engines<unknown>): string {
  return `^(${Object.keys(engines).join('|')})$`
}

/** The engine that a URL names. The error leaves the URL out, as it may hold a password. */
export function engineFor<Open>(engines: Engines<Open>, url: string): Open {
  const found = Object.entries(engines).find(([form]) => new RegExp(`^(${form})$`).test(url))
  if (!found) throw new Error(`no engine has such a URL: expected ${Object.keys(engines).join(' or ')}`)
  return found[1]
}
