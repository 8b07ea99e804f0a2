import { taskDbRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { TaskStore } from '../engine/engine.ts'

export function addStatsRoutes(app: App, store: TaskStore): void {
  app.route({ ...taskDbRoutes.getStats, handler: () => store.stats() })
}
