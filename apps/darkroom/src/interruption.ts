/** Stopped by a signal. */
export class Interrupted extends Error {}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

interface Interruption {
  /**
   * Aborted by the first SIGINT, SIGTERM or SIGHUP. A second SIGINT or SIGTERM ends the process at once; a shell repeats
   * SIGHUP when its terminal is closed.
   */
  signal: AbortSignal
  /** The exit code after the signal, as of a shell; undefined without one. */
  exitCode(): number | undefined
}

/** Lets a command end in its own way when the user interrupts it, so that it leaves no half-written file. */
export function watchForInterruption(process: Pick<NodeJS.Process, 'on' | 'once'>): Interruption {
  const abort = new AbortController()
  let exitCode: number | undefined
  const interrupt = (name: keyof typeof exitCodes) => {
    exitCode ??= exitCodes[name]
    abort.abort(new Interrupted('interrupted'))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt(name))
  process.on('SIGHUP', () => interrupt('SIGHUP'))
  return { signal: abort.signal, exitCode: () => exitCode }
}
