import { frontendRoutes, type Stats } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import { collectStats, type StatsSources } from '../stats/collect-stats.ts'

/** Requests within this time share one response, so that any number of dashboards costs the services the same. */
const shareMs = 1000

export function addStatsRoutes(app: App, sources: StatsSources): void {
  let shared: { answer: Promise<Stats>; at: number } | undefined
  app.route({
    ...frontendRoutes.getStats,
    handler: async () => {
      const now = performance.now()
      if (!shared || now - shared.at > shareMs) shared = { answer: collectStats(sources), at: now }
      return shared.answer
    },
  })
}
