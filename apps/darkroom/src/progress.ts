import { basename } from 'node:path'

/** Shows the progress of each file: in one changing line on a terminal, elsewhere in a line when a file has ended. */
export class Progress {
  readonly #output: NodeJS.WriteStream
  readonly #total: number
  readonly #underWay = new Map<string, string>()
  #ended = 0
  #waitReason: string | undefined

  constructor(output: NodeJS.WriteStream, total: number) {
    this.#output = output
    this.#total = total
  }

  say(file: string, state: string): void {
    this.#underWay.set(file, state)
    this.#drawStatus()
  }

  /** Prints once, for all files, why they wait. */
  waits(file: string, reason: string): void {
    if (this.#waitReason !== reason) this.#write(`waiting, and trying again: ${reason}`)
    this.#waitReason = reason
    this.say(file, 'waiting')
  }

  done(file: string, path: string): void {
    this.#waitReason = undefined
    this.#end(file, `${file} -> ${path}`)
  }

  failed(file: string, reason: string): void {
    this.#end(file, `${file}: ${reason}`)
  }

  #end(file: string, line: string): void {
    this.#ended += 1
    this.#underWay.delete(file)
    this.#write(line)
    this.#drawStatus()
  }

  #write(line: string): void {
    this.#output.write(this.#output.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`)
  }

  #drawStatus(): void {
    if (!this.#output.isTTY) return
    const states = [...this.#underWay].map(([file, state]) => `${basename(file)} ${state}`).join(', ')
    const line = this.#underWay.size > 0 ? `${this.#ended}/${this.#total}  ${states}` : ''
    this.#output.write(`\r\x1b[K${line.slice(0, (this.#output.columns ?? 80) - 1)}`)
  }
}
