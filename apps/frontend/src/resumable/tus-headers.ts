import type { IncomingHttpHeaders } from 'node:http'
import { tusContentType, tusVersion, UnexpectedReply } from '@darkroom/contracts'
import { type App, ServiceProblem, unavailable } from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'

/**
 * Whether the client of a request uses tus. Common clients repeat a request after a 5xx, a 409 or a 423; after any other
 * status, such as 408 or 429, they give the upload up.
 */
export function isOfTus(headers: IncomingHttpHeaders): boolean {
  return headers['tus-resumable'] !== undefined
}

/** Checks the version of every request, and adds it to every response. */
export function addTusHooks(app: App): void {
  app.addHook('onRequest', async (_request, reply) => void reply.header('tus-resumable', tusVersion))
  app.addHook('preHandler', async request => requireVersion(request))
  app.setErrorHandler((error, { method, headers }) => {
    // After any other error of a HEAD, clients assume that the upload has ended, and begin a new upload.
    if (method === 'HEAD' && isTemporary(error))
      throw new ServiceProblem(423, 'busy', 'the state of the upload cannot be read now; try again', {
        headers: { 'retry-after': '1' },
      })
    // An upload that has begun must not end because of a rate limit.
    if (headers['upload-offset'] !== undefined && error instanceof ServiceProblem && error.status === 429)
      throw unavailable(error.code, error.message, Number(error.headers['retry-after']) || 1)
    throw error
  })
}

function requireVersion({ method, headers }: FastifyRequest): void {
  const version = headers['tus-resumable']
  if (method === 'OPTIONS' || version === tusVersion) return
  const mistake =
    version === undefined ? 'the header Tus-Resumable is missing' : `tus ${version} is not supported`
  throw new ServiceProblem(412, 'tus-version', `${mistake}; send Tus-Resumable: ${tusVersion}`, {
    headers: { 'tus-version': tusVersion },
  })
}

function isTemporary(error: unknown): boolean {
  if (error instanceof UnexpectedReply) return true
  const { status, statusCode } = error as { status?: number; statusCode?: number }
  const answered = status ?? statusCode ?? 500
  return answered === 429 || answered >= 500
}

export function requireNoConcatenation(concatenation: string | undefined): void {
  if (concatenation === undefined) return
  throw new ServiceProblem(400, 'no-concatenation', 'Upload-Concat is not supported: send one upload')
}

/** Bytes whose checksum is not compared must not look as if they were checked. */
export function requireNoChecksum(checksum: string | undefined): void {
  if (checksum === undefined) return
  const message = 'Upload-Checksum is not supported: send the bytes without it'
  throw new ServiceProblem(400, 'no-checksum', message)
}

export function requireContentType(type: string | undefined): void {
  if (type?.split(';')[0]?.trim().toLowerCase() === tusContentType) return
  const message = `the Content-Type must be ${tusContentType}, got ${type ?? 'none'}`
  throw new ServiceProblem(415, 'unsupported-media-type', message)
}

/** The length of the whole upload; undefined if the client sends it later. */
export function requireLength(headers: {
  'upload-length'?: number
  'upload-defer-length'?: string
}): number | undefined {
  const { 'upload-length': length, 'upload-defer-length': isDeferred } = headers
  if ((isDeferred === '1') === (length !== undefined) || (isDeferred ?? '1') !== '1')
    throw new ServiceProblem(400, 'invalid-request', 'send either Upload-Length or Upload-Defer-Length: 1')
  if (length === 0) throw new ServiceProblem(400, 'empty-body', 'Upload-Length is 0: send an image')
  return length
}

/** The declared length of the body; undefined for a body in chunks. */
export function declaredBytes(headers: { 'content-length'?: string | undefined }): number | undefined {
  const { 'content-length': bytes } = headers
  return bytes === undefined ? undefined : Number(bytes)
}
