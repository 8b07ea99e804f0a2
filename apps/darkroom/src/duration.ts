import { BriefUsageError } from './usage-error.ts'

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const longestSeconds = 100 * 365 * 86_400

/** Parses a duration such as 90d, 12h, 30m or 45s into seconds. @throws UsageError that names the option */
export function durationSeconds(option: string, text: string): number {
  const seconds = parseDuration(text)
  if (seconds !== undefined) return seconds
  throw new BriefUsageError(`${option} must be a duration such as 90d, 12h or 30m, got "${text}"`)
}

/** Seconds, or undefined for an invalid duration. */
export function parseDuration(text: string): number | undefined {
  const [, number = '', unit = ''] = /^([1-9]\d*)([smhd])$/.exec(text) ?? []
  const seconds = Number(number) * (unitSeconds[unit] ?? 0)
  return seconds > 0 && seconds <= longestSeconds ? seconds : undefined
}
