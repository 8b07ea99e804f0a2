import process from 'node:process'
import { isatty } from 'node:tty'
import { type DestinationStream, type Logger, pino } from 'pino'
import { InvalidConfig } from '../settings/config.ts'
import { hideSecrets } from './hide-secrets.ts'
import { logLines, terminalHasColours } from './log-lines.ts'

export type { Logger }

/** Writes to standard output by default. Secrets in headers are removed. */
export function createLogger(
  service: string,
  level: string,
  destination: DestinationStream = standardOutput(process.env.LOG_FORMAT),
): Logger {
  const options = {
    level,
    base: { service },
    serializers: {
      err: errorFields,
      url: (url: unknown) => (typeof url === 'string' ? hideSecrets(url) : url),
    },
    redact: ['req.headers.authorization', 'headers.authorization'],
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return pino(options, destination)
}

/** pino would add the 25 constants of DOMException, which aborted requests and timeouts throw. */
function errorFields(error: Error): object {
  if (!(error instanceof DOMException)) return pino.stdSerializers.err(error)
  const { name, message, stack } = error
  return { type: name, message, stack }
}

/** How much of the log waits in memory while it can't be written; after that, entries are lost. */
const maxWaitingBytes = 4 * 1024 * 1024

/** Standard output. A full disk or a closed terminal loses entries of the log, but does not end the service. */
function survivingOutput(): ReturnType<typeof pino.destination> {
  const output = pino.destination({ dest: 1, maxLength: maxWaitingBytes })
  const flushSync = output.flushSync.bind(output)
  let isBroken = false
  output.on('error', () => {
    isBroken = true
  })
  output.on('write', () => {
    isBroken = false
  })
  // Called when the process exits. It repeats a failed write forever.
  output.flushSync = () => {
    if (!isBroken) flushSync()
  }
  return output
}

/** Lines for people on a terminal, otherwise JSON; LOG_FORMAT overrides this. @throws InvalidConfig */
function standardOutput(format: string | undefined): DestinationStream {
  const output = survivingOutput()
  const isTerminal = isatty(1)
  switch (format || (isTerminal ? 'lines' : 'json')) {
    case 'lines':
      return logLines(output, { hasColours: isTerminal && terminalHasColours() })
    case 'json':
      return output
    default:
      throw new InvalidConfig([`LOG_FORMAT must be "lines" or "json", got "${format}"`])
  }
}
