import { createRequire } from 'node:module'
import type * as PromClient from 'prom-client'

/*
 * The parts of prom-client that services use. Its index also loads the default metrics, and with them OpenTelemetry: that
 * takes about 15 ms of CPU time at the start of each process.
 */
const require = createRequire(import.meta.url)

export const Counter = require('prom-client/lib/counter.js') as typeof PromClient.Counter
export const Gauge = require('prom-client/lib/gauge.js') as typeof PromClient.Gauge
export const Histogram = require('prom-client/lib/histogram.js') as typeof PromClient.Histogram
export const Registry = require('prom-client/lib/registry.js') as typeof PromClient.Registry

/** Loads the default metrics. */
export function collectDefaultMetrics(
  options: PromClient.DefaultMetricsCollectorConfiguration<PromClient.PrometheusContentType>,
): void {
  const collect = require('prom-client/lib/defaultMetrics.js') as typeof PromClient.collectDefaultMetrics
  collect(options)
}
