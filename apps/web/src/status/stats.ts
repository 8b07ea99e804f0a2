import type { Stats } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { session } from '../session/session.ts'
import { isPaused, setFilters } from './filters.ts'

export const stats = signal<Stats | undefined>(undefined)
export const problem = signal<Refusal | undefined>(undefined)

/** How many images waited and were developed at one instant. */
export interface Load {
  /** In milliseconds since 1970. */
  at: number
  waiting: number
  developing: number
}

/**
 * The loads of the last hour, the oldest first: those that the frontends have counted, and those that this page has read.
 */
export const loads = signal<readonly Load[]>([])

/** How often the figures are read while the page is visible; sooner after a change. */
const refreshMs = 5000
const soonMs = 1000
const hourMs = 3_600_000

export function setPaused(next: boolean): void {
  setFilters({ paused: next ? 'yes' : undefined })
  if (!next) void readStats()
}

/** Reads nothing without the key of an operator, because the server would refuse it again. */
export async function readStats(): Promise<void> {
  if (session.peek().state === 'signed-out' || problem.peek()?.code === 'operators-only') return
  try {
    const response = await request<Stats>('stats')
    stats.value = response
    remember(response)
    problem.value = undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    problem.value = error
  }
}

/** Figures belong to the operator who has signed out. */
export function forgetStats(): void {
  stats.value = undefined
  problem.value = undefined
  loads.value = []
}

function remember({ at, images, load = [] }: Stats): void {
  const now = Date.parse(at)
  const byTime = new Map(loads.value.map(each => [each.at, each]))
  for (const each of load) byTime.set(Date.parse(each.at), { ...each, at: Date.parse(each.at) })
  if (images) byTime.set(now, { at: now, waiting: images['not-started'], developing: images['in-progress'] })
  loads.value = [...byTime.values()].filter(each => now - each.at <= hourMs).sort((a, b) => a.at - b.at)
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
