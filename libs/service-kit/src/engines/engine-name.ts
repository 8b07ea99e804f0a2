/** The name of the engine that a URL selects, as shown to people: the scheme of the URL. */
export function engineName(url: string): string {
  return url.slice(0, url.indexOf(':'))
}
