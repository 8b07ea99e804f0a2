import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { imageIdIn } from '../log/image-id.ts'
import type { Logger } from '../log/logger.ts'
import { OutageLog } from '../log/outage-log.ts'
import { tooLarge } from './problems.ts'
import type { ResponseHeadersOf } from './refuse-message.ts'
import { sendProblem } from './send-problem.ts'
import { lacksParameter, ServedPaths } from './served-paths.ts'
import { toProblem } from './to-problem.ts'

/** Turns every error of an app into a problem document: thrown errors, invalid requests, unknown paths, wrong methods. */
export function answerWithProblems(app: FastifyInstance): void {
  const served = new ServedPaths()
  app.addHook('onRoute', route => served.add(route))

  const outages = new OutageLog(app.log as Logger)
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode < 500) outages.answered(routeOf(request))
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const isTooLarge = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    const problem = isTooLarge ? tooLarge(request.routeOptions.bodyLimit ?? 0) : toProblem(error)
    if (problem.status >= 500 && problem.cause !== undefined) {
      const { body, method, url } = request
      outages.failed(routeOf(request), problem, { ...imageIdIn(url, body), method, url })
    }
    return sendProblem(reply, problem)
  })

  // Before a body is read: the response must not depend on it.
  app.addHook('preParsing', (request, _reply, payload, done) =>
    done(request.is404 || lacksParameter(request) ? served.problemOf(request) : null, payload),
  )
  app.setNotFoundHandler((request, reply) => sendProblem(reply, served.problemOf(request)))
}

/** Answers requests that Fastify refuses before routing: their path can't be decoded, or is too long. */
export function refusedPathHandler(responseHeaders: ResponseHeadersOf) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(reply.headers(responseHeaders(request.headers)), toProblem(error))
  }
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url}`
}
