import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** JSON lines, on standard output unless told otherwise; secrets in headers never get there. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    redact: ['req.headers.authorization', 'headers.authorization'],
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return destination ? pino(options, destination) : pino(options)
}
