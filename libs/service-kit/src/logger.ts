import { type Logger, pino } from 'pino'

export type { Logger }

/** JSON lines on standard output; secrets in headers never get there. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    redact: ['req.headers.authorization', 'headers.authorization'],
    timestamp: pino.stdTimeFunctions.isoTime,
  })
}
