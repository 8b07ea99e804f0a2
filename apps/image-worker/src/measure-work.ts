import { type App, Counter, Gauge, Histogram } from '@darkroom/service-kit'
import type { Pool } from './pool/pool.ts'
import type { WorkEnd } from './thread/protocol.ts'

export interface WorkMeasures {
  workEnded(end: WorkEnd, seconds: number): void
}

/** Counts and times developed images in an app's metrics. */
export function measureWork(app: App, pool: () => Pool): WorkMeasures {
  const registers = [app.metrics]
  const ended = new Counter({
    name: 'darkroom_work_ended_total',
    help: 'Images processed, by outcome',
    labelNames: ['kind'],
    registers,
  })
  const seconds = new Histogram({
    name: 'darkroom_work_duration_seconds',
    help: 'Time from receiving a task to the report of its end',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60],
    registers,
  })
  const bytes = new Counter({
    name: 'darkroom_work_bytes_total',
    help: 'Bytes of developed images, before (in) and after (out)',
    labelNames: ['direction'],
    registers,
  })
  new Gauge({
    name: 'darkroom_threads',
    help: 'Worker threads',
    labelNames: ['state'],
    registers,
    collect() {
      const { alive, busy } = pool()
      this.set({ state: 'busy' }, busy)
      this.set({ state: 'idle' }, alive - busy)
    },
  })
  return {
    workEnded(end, duration) {
      ended.inc({ kind: end.kind })
      seconds.observe(duration)
      if (end.kind !== 'finished') return
      bytes.inc({ direction: 'in' }, end.bytesIn)
      bytes.inc({ direction: 'out' }, end.bytesOut)
    },
  }
}
