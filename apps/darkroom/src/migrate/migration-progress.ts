/** How often a line is printed when the output is not a terminal. */
const intervalMs = 5000

/** Shows the progress of a copy: in one changing line on a terminal, otherwise as a line every few seconds. */
export class MigrationProgress {
  readonly #output: NodeJS.WriteStream
  #phase = ''
  #lastLineAt = 0

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  show({ phase, done, total }: { phase: string; done: number; total?: number }): void {
    const line = total === undefined ? `${phase} ${done}` : `${phase} ${done}/${total}`
    const isDue = phase !== this.#phase || performance.now() - this.#lastLineAt > intervalMs
    if (this.#output.isTTY) this.#output.write(`\r\x1b[K${line}`)
    else if (isDue) {
      this.#output.write(`${line}\n`)
      this.#lastLineAt = performance.now()
    }
    this.#phase = phase
  }

  /** Removes the last line, which is outdated. */
  end(): void {
    if (this.#output.isTTY && this.#phase !== '') this.#output.write('\r\x1b[K')
  }
}
