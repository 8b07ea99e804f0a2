import { problemType, type TaskError } from '@darkroom/contracts'

/** The image can't be developed, however often it is tried. The message is for its owner. */
export class UnusableImage extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  toTaskError(): TaskError {
    return { type: problemType(this.code), title: 'The image cannot be developed', detail: this.message }
  }
}

/** What a decoder said of an image, in one line. */
export function inWordsOfDecoder(error: unknown): UnusableImage {
  const message = error instanceof Error ? error.message : String(error)
  return new UnusableImage('undecodable-image', message.replaceAll(/\s+/g, ' ').trim(), { cause: error })
}
