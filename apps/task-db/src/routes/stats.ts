import type { Handlers, taskDbRoutes } from '@darkroom/contracts'
import type { TaskStore } from '../engine/engine.ts'
import type { Outcomes } from '../outcomes.ts'

export function statsHandlers(
  store: TaskStore,
  outcomes: Pick<Outcomes, 'lastHour'>,
): Pick<Handlers<typeof taskDbRoutes>, 'getStats' | 'getLastHour' | 'countWaiting'> {
  return {
    async getStats() {
      return { status: 200, body: await store.stats() }
    },

    async getLastHour() {
      return { status: 200, body: await outcomes.lastHour() }
    },

    async countWaiting({ querystring: { owner } }) {
      return { status: 200, body: { count: await store.countWaiting(owner) } }
    },
  }
}
