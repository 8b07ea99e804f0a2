import type { IncomingHttpHeaders } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { UploadOptions } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy'

interface UploadedForm {
  /** Destroying the file ends the reading of the form. Another reader may then read its rest. */
  file: Readable
  options: UploadOptions
}

const fieldNames: readonly string[] = Object.keys(UploadOptions.properties)
/** The values of Content-Transfer-Encoding that change nothing. Forms should not have it at all (RFC 7578, 4.7). */
const plainEncodings = new Set(['7bit', '8bit', 'binary'])
const limits = { fields: 10, fieldSize: 64_000, files: 20, parts: 20 }

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
    const feeder = new Feeder(parser)
    const fail = (cause: Error) => {
      const error =
        cause instanceof ServiceProblem ? cause : badForm(`the form is not valid: ${cause.message}`)
      if (form.file) form.file.destroy(error)
      else reject(error)
      parser.destroy()
    }

    parser.on('field', (name, value, _nameIsCut, valueIsCut, encoding) => {
      if (!plainEncodings.has(encoding)) fail(encodedPart(name, encoding))
      else if (!fieldNames.includes(name)) fail(unknownField(name))
      else if (valueIsCut) fail(badForm(`the field "${name}" is longer than ${limits.fieldSize} bytes`))
      else if (form.file)
        fail(badForm(`the field "${name}" must come before the file, or be sent in the query`))
      else if (Object.hasOwn(form.options, name)) fail(badForm(`the field "${name}" is given twice`))
      else form.options = { ...form.options, [name]: value }
    })
    parser.on('file', (name, part, fileName, encoding) => {
      part.on('error', fail) // the form ends before its file does
      if (!plainEncodings.has(encoding)) fail(encodedPart(name, encoding))
      else if (fileName === '') unlessEmpty(part, () => take(part))
      else take(part)
    })
    const take = (part: Readable) => {
      if (form.file) {
        fail(badForm('the form has more than one file'))
        return
      }
      form.file = new PassThrough().on('close', () => parser.destroy()).on('error', () => undefined) // its reader gets the error
      feeder.waitFor(part)
      // The file ends only with the form, because a mistake may follow the file.
      part.pipe(form.file, { end: false })
      resolve({ ...form, file: form.file })
    }
    // The parser itself would leave out the parts that are too many.
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
      parser.on(limit, () => fail(badForm(`the form has more than ${limits.parts} parts`)))
    parser.on('error', fail)
    feeder.feed(body).then(() => {
      if (parser.destroyed) return
      if (form.file) form.file.end()
      else fail(badForm('the form has no file'))
    }, fail)
  })
}

/** For each file input without a chosen file, browsers send an empty part with an empty file name (HTML, 4.10.21.8). */
function unlessEmpty(part: Readable, take: () => void): void {
  part.once('readable', () => {
    const first: unknown = part.read()
    if (first === null) return
    part.unshift(first)
    take()
  })
}

/**
 * Writes a form to its parser. The parser never finishes some malformed forms, such as one with a closing boundary in the
 * header of a part. It has to wait only for the reader of the file; if it waits without a file, the form is refused.
 */
class Feeder {
  readonly #parser: BusboyInstance
  #isFileOpen = false
  #isFinished = false
  #checkStep = () => {}

  constructor(parser: BusboyInstance) {
    this.#parser = parser
    parser.once('finish', () => {
      this.#isFinished = true
    })
    parser.once('close', () => this.#checkStep())
  }

  /** The reader of this file may take any time. */
  waitFor(file: Readable): void {
    this.#isFileOpen = true
    file.once('close', () => {
      this.#isFileOpen = false
      this.#checkStep()
    })
  }

  /**
   * Returns when the form is parsed, or its parser destroyed.
   *
   * @throws ServiceProblem 400; the error of the body
   */
  async feed(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const parser = this.#parser
    for await (const chunk of body) {
      if (parser.destroyed) return
      await this.#step(done => parser.write(chunk, done))
    }
    if (!this.#isFinished && !parser.destroyed) await this.#step(done => parser.once('finish', done).end())
  }

  #step(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this.#parser.destroyed) resolve()
        else if (!this.#isFileOpen) reject(badForm('the form is not valid: its parts are malformed'))
      }
      // The parser itself finishes a step within this turn of the event loop.
      const checking = setImmediate(check)
      this.#checkStep = () => setImmediate(check)
      start(() => {
        clearImmediate(checking)
        this.#checkStep = () => {}
        resolve()
      })
    })
  }
}

function createParser(headers: Pick<IncomingHttpHeaders, 'content-type'>): BusboyInstance {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits, isPartAFile })
  } catch (error) {
    throw badForm(
      `the Content-Type of the form cannot be used (${(error as Error).message}); the HTTP client must write it, with the boundary`,
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

function encodedPart(name: string, encoding: string): ServiceProblem {
  return badForm(
    `the Content-Transfer-Encoding "${encoding}" of the part "${name}" is not supported: send its bytes as they are`,
  )
}

/** Some HTTP clients send bytes without a file name, as a field. Its name may be missing. */
function unknownField(name = ''): ServiceProblem {
  return badForm(
    `unknown field "${name}"; allowed fields: ${fieldNames.join(', ')}. If it is the image, send it with a file name`,
  )
}

function badForm(detail: string): ServiceProblem {
  return new ServiceProblem(400, 'invalid-form', detail)
}
