import { type App, Gauge, StoreUnavailable } from '@darkroom/service-kit'
import type { TaskStore } from './engine/engine.ts'

/** Metrics of the tasks; absent while the store doesn't answer, so that all other metrics still work. */
export function measureTasks(app: App, store: TaskStore): void {
  measureStates(app, store)
  measureOldest(app, {
    name: 'darkroom_oldest_waiting_seconds',
    help: 'Age of the oldest task that is not started',
    since: async () => (await store.stats()).oldestNotStartedAt,
  })
  measureOldest(app, {
    name: 'darkroom_oldest_notice_seconds',
    help: 'How long the oldest webhook is overdue',
    since: () => store.nextNoticeAt(),
  })
}

function measureStates(app: App, store: TaskStore): void {
  new Gauge({
    name: 'darkroom_tasks',
    help: 'Tasks by state; absent while the store does not answer',
    labelNames: ['state'],
    registers: [app.metrics],
    async collect() {
      this.reset()
      const stats = await ifAvailable(() => store.stats())
      if (!stats) return
      const { oldestNotStartedAt: _, ...counts } = stats.value
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count)
    },
  })
}

function measureOldest(
  app: App,
  { name, help, since }: { name: string; help: string; since(): Promise<string | undefined> },
): void {
  new Gauge({
    name,
    help: `${help}; 0 if none waits, absent while the store does not answer`,
    registers: [app.metrics],
    async collect() {
      const found = await ifAvailable(since)
      if (!found) this.remove()
      else this.set(found.value === undefined ? 0 : secondsSince(found.value))
    },
  })
}

async function ifAvailable<Result>(read: () => Promise<Result>): Promise<{ value: Result } | undefined> {
  try {
    return { value: await read() }
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined
    throw error
  }
}

function secondsSince(instant: string): number {
  return Math.max(0, Date.now() - Date.parse(instant)) / 1000
}
