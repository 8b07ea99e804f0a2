import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Registry as Metrics } from 'prom-client'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from './prom-client.ts'

/** The result of `checkReady` counts as missing after this time: Prometheus waits 10 s for all metrics together. */
const readyMs = 3000

/** Adds the result of /readyz to an app's metrics. */
export function measureReadiness(app: FastifyInstance, checkReady: () => Promise<void>): void {
  new Gauge({
    name: 'darkroom_ready',
    help: 'Whether the service and what it depends on can be used: 1 or 0, as /readyz',
    registers: [app.metrics],
    async collect() {
      const timeout = new AbortController()
      const late = delay(readyMs, 0, { signal: timeout.signal }).catch(() => 0)
      const response = checkReady().then(
        () => 1,
        () => 0, // /readyz has the reason
      )
      this.set(await Promise.race([response, late]))
      timeout.abort()
    },
  })
}

/** Gauges whose name ends like a counter's, which `promtool check metrics` refuses; each is the sum of another metric. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** The time between two measurements of the event loop's delay. Each wakes the process, even if it is idle. */
const loopMeasureMs = 100

let ofProcess: Metrics | undefined

/** The metrics of this process, which all its services share. They are measured from the first call on. */
export function processMetrics(): Metrics {
  if (ofProcess) return ofProcess
  ofProcess = new Registry()
  collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: loopMeasureMs })
  for (const name of misnamed) ofProcess.removeSingleMetric(name)
  return ofProcess
}

/** Counts and times every request by route and status. */
export function measureRequests(app: FastifyInstance): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last byte of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 30],
    registers: [app.metrics],
  })
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
    }
    durations.observe(labels, reply.elapsedTime / 1000)
  })
}
