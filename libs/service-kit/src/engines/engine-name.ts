/** The name of the engine that a URL selects, for people: its scheme. */
export function engineName(url: string): string {
  return url.slice(0, url.indexOf(':'))
}
