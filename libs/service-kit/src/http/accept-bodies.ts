import type { FastifyInstance } from 'fastify'

/**
 * In this scope, bodies of any type are handed on as they arrive. Whoever stops reading half-way doesn't
 * break the connection by it, so that the answer still gets through.
 */
export function acceptBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, { [Symbol.asyncIterator]: () => payload.iterator({ destroyOnReturn: false }) })
  })
}

/**
 * In this scope, bodies are JSON, whatever their type is said to be: curl says that they are forms. `parse` throws
 * ServiceProblem of what it doesn't take.
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
    // Many clients name a type for the body they don't send.
    if (body === '') done(null, undefined)
    else parseJson(request, String(body), done)
  })
}
