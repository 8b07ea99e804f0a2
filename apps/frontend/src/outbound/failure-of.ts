import { ServiceUnavailable } from '@darkroom/service-kit'
import { errors } from '@darkroom/service-kit/undici'
import { type FailureReason, OutboundFailure } from './outbound-failure.ts'

/** The failure of a request, or of reading its response. If the signal is aborted, its reason is returned unchanged. */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return isTimeout(signal.reason) ? new OutboundFailure('timeout', error) : signal.reason
  if (error instanceof OutboundFailure || error instanceof ServiceUnavailable) return error
  if (isTimeout(error)) return new OutboundFailure('timeout', error)
  return new OutboundFailure(reasonFor(error), error)
}

function reasonFor(error: unknown): FailureReason {
  if (isUntrusted(error)) return 'untrusted'
  if (isWithoutTls(error)) return 'no-tls'
  if (notHttp.some(type => error instanceof type)) return 'not-http'
  return isBroken(error) ? 'broken' : 'unreachable'
}

const notHttp = [
  errors.HTTPParserError, // not an UndiciError
  errors.HeadersOverflowError,
  errors.ResponseContentLengthMismatchError, // several Content-Lengths
]

/** The connection was established, but then broke. */
function isBroken(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return error instanceof errors.UndiciError || ['ECONNRESET', 'EPIPE'].includes(code)
}

/** The other side does not support TLS, one of our versions of it, or HTTP/1.1 over TLS. */
function isWithoutTls(error: unknown): boolean {
  return /^(EPROTO|ERR_SSL_.*)$/.test((error as NodeJS.ErrnoException).code ?? '')
}

/** Node.js's codes for certificates: OpenSSL's codes without X509_V_ERR_, and a code for a wrong name. */
function isUntrusted(error: unknown): boolean {
  return /^(CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)_/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}

function isTimeout(error: unknown): boolean {
  return (
    (error instanceof DOMException && error.name === 'TimeoutError') ||
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  )
}
