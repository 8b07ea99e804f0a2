import { BriefUsageError } from './usage-error.ts'

/** Returns the URL unchanged. @throws UsageError that names the option if it is not an http or https URL */
export function readUrl(name: string, given: string, example: string): string {
  const url = URL.parse(given)
  if (url && /^https?:$/.test(url.protocol) && url.search + url.hash === '') return given
  const message = `${name} must be an http or https URL, such as ${example}, got "${given}"`
  throw new BriefUsageError(message)
}
