import { problemType, type TaskError } from '@darkroom/contracts'
import type { ImageFormat } from '@darkroom/image-header'
import { formatNames } from './format-names.ts'

/** The image can't be developed, however often it is retried. The message is for its owner. */
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

/**
 * A decoder's message about an image, in one line that begins with the format. `fault` is used instead of the message, if
 * it is known.
 */
export function undecodableImage(error: unknown, format: ImageFormat, fault?: string): UnusableImage {
  const message = error instanceof Error ? error.message : String(error)
  const name = formatNames[format]
  // sharp's own limit, which may end before the thread is terminated.
  if (/^timeout: \d+% complete/.test(message))
    return new UnusableImage('took-too-long', `decoding the ${name} took too long`, { cause: error })
  if (fault !== undefined)
    return new UnusableImage('undecodable-image', `the ${name} is cut off or damaged: ${fault}`, {
      cause: error,
    })
  const remarks = new Set(
    message.split('\n').map(line => readable(line).replace(noPosition, '').replace(noise, '')),
  )
  for (const remark of withoutReason) remarks.delete(remark)
  const reasons = [...remarks].map(remark => remark.replace(loader, '')).join('; ')
  const words = `the ${name} is damaged, or of a kind that is not supported`
  const text = reasons === '' ? words : `${words}: ${reasons}`
  return new UnusableImage('undecodable-image', text.slice(0, maxLength), { cause: error })
}

/** Leaves only printable characters: a message may quote text from a damaged image. */
export function readable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Remarks of libvips and sharp without a reason. */
const withoutReason: readonly string[] = ['', 'vipspng: libpng read error', 'Input buffer has corrupt header']

/** Words of libvips and sharp before a reason. */
const loader =
  /^(?:Input buffer has corrupt header: )?(?:(?:VipsJpeg|tiff2vips|vipspng|gifload_buffer|webp2vips|webp|heif): )?/

/** Parts of libvips' messages that don't help people, some repeated a hundred times. */
const noise =
  /:? ?(?:Warning treated as error due to failOn setting|source: bad seek to \d+)$|^vips2\w+: unable to write to target .*$|:$/
/** libtiff writes -1 for an unknown row. */
const noPosition = / at (?:scanline|row) 4294967295(?:, col 4294967295)?/

const maxLength = 300
