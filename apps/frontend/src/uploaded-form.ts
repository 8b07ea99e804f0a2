import type { IncomingHttpHeaders } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UploadOptions } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy'

export interface UploadedForm {
  /** Destroying the file ends the reading of the form. Another reader may then read its rest. */
  file: Readable
  options: UploadOptions
}

const fieldNames: readonly string[] = Object.keys(UploadOptions.properties)
const limits = { fields: 10, fieldSize: 64_000, files: 2, parts: 20 }

/**
 * Reads multipart/form-data (RFC 7578) up to its only file, whose bytes are then streamed. Fields must come before the
 * file, because its bytes are passed on as they arrive. A mistake after that destroys the stream with an error.
 *
 * @throws ServiceProblem 400
 */
export function readForm(
  headers: Pick<IncomingHttpHeaders, 'content-type'>,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<UploadedForm> {
  return new Promise((resolve, reject) => {
    const parser = createParser(headers)
    const form: { file?: PassThrough; options: UploadOptions } = { options: {} }
    const fail = (cause: Error) => {
      const error =
        cause instanceof ServiceProblem ? cause : badForm(`the form is not valid: ${cause.message}`)
      if (form.file) form.file.destroy(error)
      else reject(error)
      parser.destroy()
    }

    parser.on('field', (name, value, _nameIsCut, valueIsCut) => {
      if (valueIsCut) fail(badForm(`the field "${name}" is longer than ${limits.fieldSize} bytes`))
      else if (!fieldNames.includes(name))
        fail(badForm(`there is no field "${name}"; there are: ${fieldNames.join(', ')}`))
      else if (form.file) fail(badForm(`the field "${name}" must come before the file`))
      else form.options = { ...form.options, [name]: value }
    })
    parser.on('file', (_name, part) => {
      if (form.file) {
        fail(badForm('the form has more than one file'))
        return
      }
      form.file = new PassThrough().on('close', () => parser.destroy()).on('error', () => undefined) // its reader gets the error
      part.on('error', fail) // the form ends before its file does
      // The file ends only with the form, as a mistake may follow the file.
      part.pipe(form.file, { end: false })
      resolve({ ...form, file: form.file })
    })
    pipeline(Readable.from(passedOn(body), { objectMode: false }), parser).then(
      () => (form.file ? form.file.end() : fail(badForm('the form has no file'))),
      fail,
    )
  })
}

function createParser(headers: Pick<IncomingHttpHeaders, 'content-type'>): BusboyInstance {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits, isPartAFile })
  } catch (error) {
    throw badForm(
      `the Content-Type of the form can't be used (${(error as Error).message}); the HTTP client must write it, with the boundary`,
    )
  }
}

/**
 * A part with the name of an option is a field, even with a type and a file name, which browsers add to a Blob. Any other
 * part with a file name, or with the type of an image, is the file.
 */
function isPartAFile(name: string | undefined, contentType = '', fileName: string | undefined): boolean {
  return (
    !fieldNames.includes(name ?? '') &&
    (fileName !== undefined || /^image\/|^application\/octet-stream$/.test(contentType))
  )
}

/** Without this, a failing parser would destroy the body, and so the connection, before the answer is sent. */
async function* passedOn(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk
}

function badForm(detail: string): ServiceProblem {
  return new ServiceProblem(400, 'invalid-form', detail)
}
