import type { TaskState } from '@darkroom/contracts'
import { signal } from '@preact/signals'

/** The part of the history that is shown. It is in the URL, so that links, reloads and the back button work. */
export interface Filter {
  state?: TaskState | undefined
  since?: string | undefined
  preset?: string | undefined
  cursor?: string | undefined
}

export const filter = signal<Filter>(readUrl())

export function show(next: Filter): void {
  const url = new URL(location.href)
  for (const name of ['state', 'since', 'preset', 'cursor'] as const) {
    if (next[name]) url.searchParams.set(name, next[name])
    else url.searchParams.delete(name)
  }
  if (url.href !== location.href) history.pushState(null, '', url)
  filter.value = readUrl()
}

addEventListener('popstate', () => (filter.value = readUrl()))

function readUrl(): Filter {
  const query = new URL(location.href).searchParams
  return {
    // The server refuses an unknown state.
    state: (query.get('state') as TaskState | null) || undefined,
    since: instantIn(query.get('since')),
    preset: query.get('preset') ?? undefined,
    cursor: query.get('cursor') ?? undefined,
  }
}

/** Also accepts a day such as 2026-01-31. An invalid time is sent unchanged, and the server refuses it. */
function instantIn(text: string | null): string | undefined {
  if (text === null || text === '') return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}
