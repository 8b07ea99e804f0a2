import type { FastifyInstance } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'

const compression = /(gzip|compress|deflate|br|zstd)/i

/** Refuses compressed bodies (RFC 9110, 8.4), which would look like files of an unknown type, or like invalid JSON. */
export function refuseContentCodings(app: FastifyInstance): void {
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    const { 'content-encoding': coding } = headers
    if (coding === undefined || !compression.test(coding)) {
      done()
      return
    }
    done(
      new ServiceProblem(
        415,
        'unsupported-content-encoding',
        `the Content-Encoding "${coding}" is not supported: send the body as it is`,
        { headers: { 'accept-encoding': 'identity' } },
      ),
    )
  })
}
