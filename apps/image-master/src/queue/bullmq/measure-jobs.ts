import { type App, Gauge } from '@darkroom/service-kit'
import type { TaskJobs } from './task-jobs.ts'

/** Counts the jobs in Redis by state; without values while Redis does not answer. */
export function measureJobs(app: App, jobs: Pick<TaskJobs, 'countByState'>): void {
  new Gauge({
    name: 'darkroom_queue_jobs',
    help: 'Jobs in the queue by state; absent while Redis does not answer',
    labelNames: ['state'],
    registers: [app.metrics],
    async collect() {
      this.reset()
      const counts = await jobs.countByState().catch(() => ({}))
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count)
    },
  })
}
