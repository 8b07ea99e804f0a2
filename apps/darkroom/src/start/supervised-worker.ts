import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Backoff, type Logger } from '@darkroom/service-kit'
import { memoryEnvironment } from './memory-environment.ts'

const workerMain = fileURLToPath(import.meta.resolve('@darkroom/image-worker/main'))
/** A worker that dies after this time is restarted at once; otherwise after growing pauses. */
const settledMs = 30_000

/** The image-worker as a child process, which is restarted whenever it dies. */
export class SupervisedWorker {
  readonly #env: NodeJS.ProcessEnv
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #supervising: Promise<void>
  #child: ChildProcess | undefined

  constructor(env: NodeJS.ProcessEnv, logger: Logger) {
    this.#env = { ...memoryEnvironment(), ...env }
    this.#logger = logger
    this.#supervising = this.#supervise()
  }

  /** Lets the worker finish its images; resolves when the process has ended. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#child?.kill('SIGTERM')
    await this.#supervising
  }

  async #supervise(): Promise<void> {
    const backoff = new Backoff(200, 10_000)
    while (!this.#closing.signal.aborted) {
      const startedAt = performance.now()
      const end = await this.#runOnce()
      if (this.#closing.signal.aborted) return
      const isKilled = 'signal' in end && end.signal === 'SIGKILL'
      const guess = isKilled ? ' (the system kills a process if it has no memory left)' : ''
      this.#logger.error(end, `the image-worker died${guess}; restarting it`)
      if (performance.now() - startedAt > settledMs) backoff.reset()
      await backoff.wait(this.#closing.signal)
    }
  }

  /** Runs the process until it ends; returns how it ended, or why it couldn't be started. */
  async #runOnce(): Promise<object> {
    try {
      // In its own process group: otherwise Ctrl-C in a terminal would reach it in addition to our SIGTERM, as a second
      // signal. It ends itself when its channel to this process breaks.
      this.#child = fork(workerMain, { env: this.#env, detached: true })
      const [code, signal] = await once(this.#child, 'exit')
      return { code, signal }
    } catch (error) {
      return { err: error }
    }
  }
}
