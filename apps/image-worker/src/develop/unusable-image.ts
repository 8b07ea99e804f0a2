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

/** A decoder's message about an image, in one line; `fault` is used instead, if it is known. */
export function undecodableImage(error: unknown, fault?: string): UnusableImage {
  if (fault !== undefined) return new UnusableImage('undecodable-image', fault, { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  const remarks = new Set(message.split('\n').map(line => inWords(readable(line)).replace(noise, '')))
  remarks.delete('')
  const words = [...remarks].join('; ').slice(0, maxLength)
  return new UnusableImage('undecodable-image', words || 'the image cannot be decoded', { cause: error })
}

/** Leaves only printable characters: a message may quote text from a damaged image. */
export function readable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Replaces remarks of libvips and sharp that have no reason. */
function inWords(remark: string): string {
  if (remark === 'vipspng: libpng read error') return 'the PNG is cut off or damaged'
  return remark === 'Input buffer has corrupt header' ? "the image's header is damaged" : remark
}

/** Parts of libvips' messages that don't help people, some repeated a hundred times. */
const noise =
  /:? ?(?:Warning treated as error due to failOn setting|source: bad seek to \d+)$|^vips2\w+: unable to write to target .*$|:$/
const maxLength = 300
