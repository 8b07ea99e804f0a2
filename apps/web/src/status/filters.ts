import { computed, signal } from '@preact/signals'

/** The filters of the figures. They are in the URL, so that a reload or a bookmark shows the same figures. */
interface Filters {
  /** The figures are paused. */
  paused?: string | undefined
  /** How many minutes the charts span. */
  minutes?: string | undefined
  service?: string | undefined
  /** `problems`: only services and workers that need attention. */
  show?: string | undefined
}

const names = ['paused', 'minutes', 'service', 'show'] as const
export const chartSpans = [15, 30, 60] as const

export const filters = signal<Filters>(readUrl())
export const isPaused = computed(() => filters.value.paused !== undefined)
export const minutes = computed(() => chartSpans.find(span => String(span) === filters.value.minutes) ?? 60)

export function setFilters(next: Filters): void {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(next))
    if (value === undefined || value === '') url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  history.replaceState(null, '', url)
  filters.value = readUrl()
}

addEventListener('popstate', () => (filters.value = readUrl()))

function readUrl(): Filters {
  const query = new URL(location.href).searchParams
  return Object.fromEntries(names.map(name => [name, query.get(name) ?? undefined]))
}
