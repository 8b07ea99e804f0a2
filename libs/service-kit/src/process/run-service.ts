import { flushCompileCache } from 'node:module'
import type { ServiceName } from '@darkroom/contracts'
import type { Static, TObject } from '@darkroom/contracts/typebox'
import { createLogger, type Logger } from '../log/logger.ts'
import { collectLessOften } from '../memory/collect-less-often.ts'
import { releaseMemoryAtRest } from '../memory/memory-at-rest.ts'
import { type CommonConfig, InvalidConfig, loadConfig } from '../settings/config.ts'
import type { RunningService } from './start-service.ts'
import { startedByNpm } from './started-by-npm.ts'

/** Runs one service as a process: reads settings from the environment, and shuts down on a signal. */
export async function runService<Schema extends TObject>(
  process: NodeJS.Process,
  name: ServiceName,
  schema: Schema,
  start: (config: Static<Schema>, logger: Logger) => Promise<RunningService>,
): Promise<void> {
  process.umask(0o077) // only the owner may read the files
  collectLessOften()
  try {
    const config = loadConfig(schema, process.env)
    const { logLevel, drainMs } = config as CommonConfig
    const logger = createLogger(name, logLevel)
    const service = await start(config, logger)
    endOnSignal(process, { close: service.close, drainMs, logger })
    releaseMemoryAtRest()
    flushCompileCache() // otherwise, after a process is killed, the next process compiles everything again
  } catch (error) {
    process.stderr.write(`${name}: ${describeStartError(error)}\n`)
    process.exit(1)
  }
}

/**
 * SIGTERM, SIGINT, SIGHUP, or the end of the npm that started the process drains and exits 0. A second SIGTERM or SIGINT,
 * or the timeout, exits 1 at once.
 */
export function endOnSignal(
  process: NodeJS.Process,
  { close, drainMs, logger }: { close(): Promise<void>; drainMs: number; logger: Logger },
): void {
  const npm = startedByNpm(process)
  const echoMs = longestEcho(process, npm !== undefined)
  let drainingSince: number | undefined
  const drain = (cause: object) => {
    drainingSince = performance.now()
    logger.info(cause, 'draining')
    setTimeout(() => {
      logger.error({ drainMs }, 'requests in progress did not end in time')
      process.exit(1)
    }, drainMs).unref()
    close().then(
      () => process.exit(0),
      error => {
        logger.error({ err: error }, 'the shutdown failed')
        process.exit(1)
      },
    )
  }
  const end = (signal: NodeJS.Signals) => {
    if (drainingSince === undefined) drain({ signal })
    else if (performance.now() - drainingSince >= echoMs) process.exit(1)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  const drainOnce = (cause: object) => {
    if (drainingSince === undefined) drain(cause)
  }
  // The terminal was closed. Its shell repeats the signal of the system.
  process.on('SIGHUP', signal => drainOnce({ signal }))
  npm?.onceGone(() => drainOnce({ cause: 'npm has ended' }))
}

/**
 * How long after the first signal, in milliseconds, a second signal may be its repetition. A terminal or a supervisor
 * signals the whole process group, and a parent process that forwards signals sends it again.
 */
function longestEcho(process: NodeJS.Process, isByNpm: boolean): number {
  const isWatched = process.env.WATCH_REPORT_DEPENDENCIES !== undefined // set by `node --watch`
  if (isByNpm || isWatched) return 1000
  // A parent with a channel kills this process after its own timeout.
  return process.connected ? Number.POSITIVE_INFINITY : 0
}

/** A sentence for the user who started the service, with a stack only if the error is a bug in Darkroom. */
export function describeStartError(error: unknown): string {
  if (error instanceof InvalidConfig) return error.message
  if (error instanceof Error && 'code' in error) {
    if (typeof error.code === 'string' && 'syscall' in error) return error.message
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
