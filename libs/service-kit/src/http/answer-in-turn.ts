import type { FastifyInstance } from 'fastify'
import { ClientGone } from '../problems/problems.ts'

/**
 * Handles a pipelined request only when the earlier requests of its connection are answered. Otherwise one client that
 * reads no responses could make the service keep more than a thousand responses in memory.
 */
export function answerInTurn(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { raw: response } = reply
    if (response.socket !== null) {
      done()
      return
    }
    const onTurn = () => {
      request.raw.off('close', onGone)
      done()
    }
    const onGone = () => {
      response.off('socket', onTurn)
      done(new ClientGone('the connection ended before its turn'))
    }
    response.once('socket', onTurn)
    request.raw.once('close', onGone)
  })
}
