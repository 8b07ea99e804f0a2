import type { FastifyInstance } from 'fastify'

/** `type/subtype`, and parameters (RFC 9110, 8.3.1). */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/

/**
 * Takes a request whose Content-Type is empty or malformed, or is that of a DELETE without a body, as if it had none:
 * Fastify would answer 415 before a handler sees that the body is all right.
 */
export function overlookContentType(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ method, raw: { headers } }) => {
    const { 'content-type': type, 'content-length': length = 0, 'transfer-encoding': coding } = headers
    const isNeedless = method === 'DELETE' && coding === undefined && Number(length) === 0
    if (type !== undefined && (isNeedless || !mediaType.test(type))) delete headers['content-type']
  })
}
