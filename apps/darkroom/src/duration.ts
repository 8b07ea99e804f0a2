import { UsageError } from './usage-error.ts'

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const longestSeconds = 100 * 365 * 86_400

/** Parses a duration such as 90d, 12h, 30m or 45s into seconds. @throws UsageError that names the option */
export function durationSeconds(option: string, text: string): number {
  const [, number = '', unit = ''] = /^([1-9]\d*)([smhd])$/.exec(text) ?? []
  const seconds = Number(number) * (unitSeconds[unit] ?? 0)
  if (seconds > 0 && seconds <= longestSeconds) return seconds
  throw new UsageError(`${option} must be a duration such as 90d, 12h or 30m, got "${text}"`, {
    isBrief: true,
  })
}
