import type { Handlers, taskDbRoutes } from '@darkroom/contracts'
import type { TaskStore } from '../engine/engine.ts'

export function statsHandlers(
  store: TaskStore,
): Pick<Handlers<typeof taskDbRoutes>, 'getStats' | 'countWaiting'> {
  return {
    async getStats() {
      return { status: 200, body: await store.stats() }
    },

    async countWaiting({ querystring: { owner } }) {
      return { status: 200, body: { count: await store.countWaiting(owner) } }
    },
  }
}
