/** Elsewhere than on a terminal, so often a line. */
const intervalMs = 5000

/** How far a copy is: on a terminal in one line that changes, elsewhere a line now and then. */
export class MigrationProgress {
  readonly #output: NodeJS.WriteStream
  #phase = ''
  #lastLineAt = 0

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  say({ phase, done, total }: { phase: string; done: number; total?: number }): void {
    const line = total === undefined ? `${phase} ${done}` : `${phase} ${done}/${total}`
    const isDue = phase !== this.#phase || performance.now() - this.#lastLineAt > intervalMs
    if (this.#output.isTTY) this.#output.write(`\r\x1b[K${line}`)
    else if (isDue) {
      this.#output.write(`${line}\n`)
      this.#lastLineAt = performance.now()
    }
    this.#phase = phase
  }

  /** Leaves no line that isn't true any more. */
  end(): void {
    if (this.#output.isTTY && this.#phase !== '') this.#output.write('\r\x1b[K')
  }
}
