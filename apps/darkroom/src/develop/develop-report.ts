import { DarkroomError, ImageFailed, type ImageStatus } from '@darkroom/client/source'
import type { Progress } from './progress.ts'
import type { WrittenResults } from './result-folder.ts'

/** Reports the end of each image: in the progress, and, with `json`, as a line of JSON. */
export class DevelopReport {
  readonly #progress: Progress
  readonly #json: NodeJS.WriteStream | undefined
  readonly #failures: string[] = []

  constructor(progress: Progress, json: NodeJS.WriteStream | undefined) {
    this.#progress = progress
    this.#json = json
  }

  done(file: string, { result, variants }: WrittenResults, image: ImageStatus): void {
    this.#progress.done(file, [...(result === undefined ? [] : [result]), ...Object.values(variants)])
    this.#print({ file, ...(result !== undefined && { result }), variants, image })
  }

  /** `image` is given if it was developed, so that its results, which could not be written, can still be downloaded. */
  failed(file: string, error: Error, image = error instanceof ImageFailed ? error.image : undefined): void {
    this.#failures.push(file)
    const { message } = error
    this.#progress.failed(file, message)
    this.#print({
      file,
      error: { ...(error instanceof DarkroomError && error.code && { code: error.code }), message },
      ...(image && { image }),
    })
  }

  /** Names all images that failed; returns their number. */
  end(): number {
    if (this.#failures.length > 0) this.#progress.note(`failed: ${this.#failures.join(', ')}`)
    return this.#failures.length
  }

  #print(line: object): void {
    this.#json?.write(`${JSON.stringify(line)}\n`)
  }
}
