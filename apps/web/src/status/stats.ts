import type { Stats } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'

export const stats = signal<Stats | undefined>(undefined)
export const problem = signal<Refusal | undefined>(undefined)

/** The figures are read this often while the page is visible, and sooner after a change. */
const refreshMs = 5000
const soonMs = 1000

/** Whether the figures stand still. In the URL, so that a reload keeps it. */
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

/** Reads again soon: many changes make one request. */
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
