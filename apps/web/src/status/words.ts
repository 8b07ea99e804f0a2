import { serverNow } from '../api/server-clock.ts'

export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 90_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return `${countWords(Math.round(ms / 86_400_000))} days`
}

export function sinceWords(instant: string | undefined): string {
  return instant === undefined ? '' : durationWords(Math.max(0, serverNow() - Date.parse(instant)))
}

/** The stable code of a problem, readable. */
export function reasonWords(type: string): string {
  const words = type.replace(/^urn:darkroom:problem:/, '').replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Millions are rounded, so that tiles, charts and buttons have room for them. */
export function countWords(count: number): string {
  const style = count < 1e6 ? {} : ({ notation: 'compact', maximumFractionDigits: 1 } as const)
  return new Intl.NumberFormat('en', style).format(count)
}

export function diskWords(bytes: number): string {
  if (bytes < 1e9) return `${Math.round(bytes / 1e6)} MB`
  return bytes < 1e12 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e12).toFixed(1)} TB`
}
