import type { Stats } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'

export const stats = signal<Stats | undefined>(undefined)
export const problem = signal<Refusal | undefined>(undefined)

/** How often the figures are read while the page is visible; sooner after a change. */
const refreshMs = 5000
const soonMs = 1000

/** Whether the figures are paused. It is in the URL, so that a reload keeps it. */
export const isPaused = signal(new URL(location.href).searchParams.has('paused'))

export function setPaused(next: boolean): void {
  isPaused.value = next
  const url = new URL(location.href)
  if (next) url.searchParams.set('paused', '')
  else url.searchParams.delete('paused')
  history.replaceState(null, '', url)
  if (!next) void readStats()
}

export async function readStats(): Promise<void> {
  try {
    stats.value = await request<Stats>('stats')
    problem.value = undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    problem.value = error
  }
}

let _timer: ReturnType<typeof setTimeout> | undefined

/** Reads the figures again soon, once for many changes. */
export function readSoon(): void {
  if (isPaused.peek() || document.hidden) return
  _timer ??= setTimeout(() => {
    _timer = undefined
    if (!isPaused.peek()) void readStats()
  }, soonMs)
}

export function keepReading(): void {
  void readStats()
  setInterval(readSoon, refreshMs)
  document.addEventListener('visibilitychange', readSoon)
}
