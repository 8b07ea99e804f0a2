import { UnexpectedReply } from '@darkroom/contracts'
import type { FastifyError } from 'fastify'
import { ClientGone, isOutage, ServiceProblem, ServiceUnavailable, unavailable } from './problems.ts'

/** Turns an error into a problem. An unknown error becomes an opaque 500 with the error as its cause. */
export function toProblem(
  error: Error & Partial<Pick<FastifyError, 'code' | 'statusCode' | 'validation'>>,
): ServiceProblem {
  if (error instanceof ServiceProblem) return error
  if (error instanceof UnexpectedReply && error.status === 503) {
    return unavailable(
      error.code ?? 'unavailable',
      error.problem?.detail ?? error.message,
      Number(error.retryAfter) || 1, // it may be a date, or missing
    )
  }
  // The other service waited for the body that this service passes on, so the client sends too slowly.
  if (error instanceof UnexpectedReply && error.status === 408)
    return new ServiceProblem(408, 'request-timeout', error.problem?.detail ?? error.message)
  if (isOutage(error)) {
    const cause = error instanceof ServiceUnavailable && error.isLogged ? undefined : error
    return unavailable('unavailable', `${error.message}; try again`, 1, cause)
  }
  if (error instanceof ClientGone || (error.code === 'ECONNRESET' && error.message === 'aborted')) {
    return new ServiceProblem(400, 'incomplete-body', 'the connection ended before the body was complete')
  }
  if (error.validation) return new ServiceProblem(400, 'invalid-request', error.message)
  const status = error.statusCode ?? 500
  if (status < 500)
    return new ServiceProblem(
      status,
      clientErrors[status] ?? 'invalid-request',
      clearerMessages[error.code ?? ''] ?? error.message,
    )
  return new ServiceProblem(
    500,
    'internal-error',
    'an internal error; the details are in the log of this service',
    {
      cause: error,
    },
  )
}

const clientErrors: Readonly<Record<number, string>> = {
  404: 'not-found',
  413: 'too-large',
  414: 'path-too-long',
  415: 'unsupported-media-type',
}

/** Messages for errors of Fastify whose own message doesn't help. */
const clearerMessages: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path is not percent-encoded UTF-8: encode it again, with each % as %25',
  FST_ERR_MAX_PARAM_LENGTH: 'a part of the path is too long: check the id or the name in it',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'the Content-Type of the body is not supported for this path: send application/json, or no body',
}
