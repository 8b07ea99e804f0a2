import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/**
 * In this scope, handlers get bodies of any type: as bytes, if the whole body has arrived already, or as a stream. A
 * handler that stops reading early doesn't break the connection, so the client still gets the response.
 */
export function acceptBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(
      null,
      arrivedBytes(payload) ?? { [Symbol.asyncIterator]: () => payload.iterator({ destroyOnReturn: false }) },
    )
  })
}

/** A small body usually arrives together with its head. Passing it on as bytes costs less than as a stream. */
function arrivedBytes(payload: IncomingMessage): Uint8Array | undefined {
  if (payload.readableLength !== Number(payload.headers['content-length'])) return undefined
  const bytes = payload.read() ?? new Uint8Array()
  payload.resume() // to its end, which follows
  return bytes
}

/**
 * In this scope, bodies are parsed as JSON with any Content-Type (by default, curl sends the type of forms).
 * `parse` throws ServiceProblem for a body that it refuses.
 */
export function acceptJson(app: FastifyInstance, parse?: (text: string) => unknown): void {
  app.removeAllContentTypeParsers()
  parseJsonOf(app, '*', parse)
}

/** In this scope, bodies of this type are JSON. */
export function parseJsonOf(
  app: FastifyInstance,
  contentType: string,
  parse?: (text: string) => unknown,
): void {
  const parseByDefault = app.getDefaultJsonParser('error', 'error')
  const parseJson: typeof parseByDefault = parse
    ? (_request, body, done) => {
        try {
          done(null, parse(body))
        } catch (error) {
          done(error as Error)
        }
      }
    : parseByDefault
  app.addContentTypeParser(contentType, { parseAs: 'string' }, (request, body, done) => {
    // Many clients send a Content-Type without a body.
    if (body === '') done(null, undefined)
    else parseJson(request, String(body), done)
  })
}
