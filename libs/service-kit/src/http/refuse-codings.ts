import type { FastifyInstance } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'

/**
 * Refuses compressed bodies, which would look like files of an unknown type, or like invalid JSON: by Content-Encoding
 * (RFC 9110, 8.4), and by Transfer-Encoding (RFC 9112, 6.1), of which Node.js decodes only the last coding, chunked.
 */
export function refuseCodings(app: FastifyInstance): void {
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    const { 'content-encoding': coding, 'transfer-encoding': transfer } = headers
    if (coding !== undefined && namesCompression(coding)) done(unsupportedContentEncoding(coding))
    else if (transfer !== undefined && codingsIn(transfer).some(name => name !== 'chunked'))
      done(unsupportedTransferEncoding(transfer))
    else done()
  })
}

/** Whether a Content-Encoding has one of the codings that change the bytes of a body. */
export function namesCompression(codings: string): boolean {
  return /(gzip|compress|deflate|br|zstd)/i.test(codings)
}

function unsupportedContentEncoding(coding: string): ServiceProblem {
  return new ServiceProblem(
    415,
    'unsupported-content-encoding',
    `the Content-Encoding "${coding}" is not supported: send the body without it`,
    { headers: { 'accept-encoding': 'identity' } },
  )
}

function unsupportedTransferEncoding(codings: string): ServiceProblem {
  return new ServiceProblem(
    501,
    'unsupported-transfer-encoding',
    `the Transfer-Encoding "${codings}" is not supported: send chunked, or a Content-Length`,
  )
}

function codingsIn(list: string): string[] {
  const names = list.split(',').map(name => name.trim().toLowerCase())
  return names.filter(name => name !== '')
}
