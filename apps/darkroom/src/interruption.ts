/** Stopped by a signal. */
export class Interrupted extends Error {}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

interface Interruption {
  /** Aborted by the first SIGINT or SIGTERM. The second ends the process at once. */
  signal: AbortSignal
  /** The exit code after the signal, as of a shell; undefined without one. */
  exitCode(): number | undefined
}

/** Lets a command end in its own way when the user interrupts it, so that it leaves no half-written file. */
export function watchForInterruption(process: Pick<NodeJS.Process, 'once'>): Interruption {
  const abort = new AbortController()
  let exitCode: number | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      exitCode ??= exitCodes[name]
      abort.abort(new Interrupted('interrupted'))
    })
  return { signal: abort.signal, exitCode: () => exitCode }
}
