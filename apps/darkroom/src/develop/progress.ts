import { basename } from 'node:path'
import { withoutControls } from '../without-controls.ts'

/** Shows the progress of all files: in one changing line on a terminal, otherwise as a line for each file that has ended. */
export class Progress {
  readonly #output: NodeJS.WriteStream
  readonly #count: number
  readonly #totalBytes: number
  readonly #underWay = new Map<string, string>()
  readonly #sentBytes = new Map<string, number>()
  #endedCount = 0
  #waitReason: string | undefined

  constructor(output: NodeJS.WriteStream, files: readonly { bytes: number }[]) {
    this.#output = output
    this.#count = files.length
    this.#totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  setState(file: string, state: string): void {
    this.#underWay.set(file, state)
    this.#drawStatus()
  }

  sent(file: string, bytes: number): void {
    this.#sentBytes.set(file, bytes)
    this.setState(file, 'uploading')
  }

  /** Prints the reason, once for all files that wait for the same reason. */
  waiting(file: string, reason: string): void {
    if (this.#waitReason !== reason) this.#write(`waiting before the next attempt: ${reason}`)
    this.#waitReason = reason
    this.setState(file, 'waiting')
  }

  done(file: string, paths: readonly string[]): void {
    this.#waitReason = undefined
    this.#end(file, `${file} -> ${paths.join(', ')}`)
  }

  failed(file: string, reason: string): void {
    this.#end(file, `${file}: ${reason}`)
  }

  note(line: string): void {
    this.#write(line)
  }

  #end(file: string, line: string): void {
    this.#endedCount += 1
    this.#underWay.delete(file)
    this.#write(line)
    this.#drawStatus()
  }

  #write(text: string): void {
    const line = withoutControls(text)
    this.#output.write(this.#output.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`)
  }

  #drawStatus(): void {
    if (!this.#output.isTTY) return
    const states = [...this.#underWay].map(([file, state]) => `${basename(file)} ${state}`).join(', ')
    const sentBytes = [...this.#sentBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
    const sent = `${megabytes(sentBytes)} of ${megabytes(this.#totalBytes)} MB sent`
    const text =
      this.#underWay.size > 0 ? `${this.#endedCount}/${this.#count} images, ${sent}: ${states}` : ''
    const line = withoutControls(text)
    this.#output.write(`\r\x1b[K${line.slice(0, (this.#output.columns ?? 80) - 1)}`)
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
