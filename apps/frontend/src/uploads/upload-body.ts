import type { UploadOptions } from '@darkroom/contracts'
import { type Body, readHead } from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'
import { readForm } from './uploaded-form.ts'

/** The bytes of an image. Dispose of it afterwards, which ends an unread body. */
interface UploadBody extends Disposable {
  body: AsyncIterable<Uint8Array> | Uint8Array
  contentLength?: string | undefined
  /** Options that came with the body. They have priority over options in the query. */
  options?: UploadOptions
}

/** Reads the body of an upload: the image itself, or a form with it. @throws ServiceProblem 400 for an invalid form */
export async function readUploadBody(
  { headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>,
  body: Body | undefined,
): Promise<UploadBody> {
  const bytes = body ?? new Uint8Array()
  const nothingHeld = { [Symbol.dispose]: () => undefined }
  const formType = formTypeOf(raw.rawHeaders)
  const contentLength = headers['content-length']
  if (formType === undefined) return { body: bytes, contentLength, ...nothingHeld }
  const { head, whole } = await readHead(bytes, formHeadBytes)
  if (!isText(head)) return { body: whole, contentLength, ...nothingHeld }
  const { file, options } = await readForm(
    { 'content-type': formType },
    whole instanceof Uint8Array ? [whole] : whole,
  )
  return { body: file, options, [Symbol.dispose]: () => file.destroy() }
}

/** The first Content-Type of a form. There may be several headers, and none of them well-formed. */
export function formTypeOf(rawHeaders: readonly string[]): string | undefined {
  return rawHeaders.find(
    (value, at) =>
      at % 2 === 1 &&
      rawHeaders[at - 1]?.toLowerCase() === 'content-type' &&
      /^multipart\/form-data\b/i.test(value),
  )
}

const formHeadBytes = 16

/** A form begins with a boundary, which is printable (RFC 2046, 5.1.1); images have other bytes among their first. */
function isText(head: Uint8Array): boolean {
  return head.every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a)
}
