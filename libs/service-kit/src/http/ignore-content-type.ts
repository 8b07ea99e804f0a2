import { isBytes } from '@darkroom/contracts'
import type { TSchema } from '@darkroom/contracts/typebox'
import type { FastifyInstance } from 'fastify'

/** `type/subtype`, and parameters (RFC 9110, 8.3.1). */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/

/**
 * Ignores a Content-Type that is empty or malformed, or sent without a body to a route that does not read bytes: many HTTP
 * clients send the type of forms with every POST. Otherwise Fastify answers 415 before a handler can see that the request
 * is fine.
 */
export function ignoreUselessContentType(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ routeOptions, raw: { headers } }) => {
    const { 'content-type': type, 'content-length': length = 0, 'transfer-encoding': coding } = headers
    if (type === undefined) return
    const isWithoutBody = coding === undefined && Number(length) === 0
    const body = routeOptions.schema?.body as TSchema | undefined
    const isNeedless = isWithoutBody && !(body !== undefined && isBytes(body))
    if (isNeedless || !mediaType.test(type)) delete headers['content-type']
  })
}
