import type { FastifyInstance } from 'fastify'

/** `type/subtype`, and parameters (RFC 9110, 8.3.1). */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/

/**
 * Ignores a Content-Type that is empty, malformed, or sent with a DELETE without a body. Otherwise Fastify answers
 * 415 before a handler can see that the request is fine.
 */
export function overlookContentType(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ method, raw: { headers } }) => {
    const { 'content-type': type, 'content-length': length = 0, 'transfer-encoding': coding } = headers
    const isNeedless = method === 'DELETE' && coding === undefined && Number(length) === 0
    if (type !== undefined && (isNeedless || !mediaType.test(type))) delete headers['content-type']
  })
}
