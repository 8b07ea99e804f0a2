import {
  fillPath,
  frontendRoutes,
  tusContentType,
  tusExtensions,
  tusVersion,
  UnexpectedReply,
  UploadOptions,
  urgencyOf,
} from '@darkroom/contracts'
import {
  type App,
  acceptBytes,
  type Body,
  type Logger,
  ServiceProblem,
  tooLarge,
} from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../access/caller.ts'
import type { GrantBook } from '../access/grant-book.ts'
import { requireNoOptions } from '../access/refusals.ts'
import type { IntakeGate } from '../intake-gate.ts'
import { masterLimits } from '../master-limits.ts'
import { newImageId } from '../new-image-id.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Presets } from '../presets.ts'
import { linkBase } from '../public-urls.ts'
import { expandOptions } from '../requested-outputs.ts'
import { ResumableUploads, type UploadClients, type UploadState } from '../resumable/resumable-uploads.ts'
import { readMetadata } from '../resumable/upload-metadata.ts'
import type { UploadLimits } from '../resumable/upload-records.ts'
import { withCallback } from '../webhooks/with-callback.ts'

export interface ResumableOptions {
  limits: UploadLimits
  grants: GrantBook
  presets: Pick<Presets, 'require'>
  publicUrls: readonly URL[]
  outbound: Pick<Outbound, 'mistakeIn'>
  logger: Logger
}

/** tus 1.0: https://tus.io/protocols/resumable-upload */
export function addResumableRoutes(
  app: App,
  clients: UploadClients,
  gate: IntakeGate,
  { limits, grants, presets, publicUrls, outbound, logger }: ResumableOptions,
): void {
  const uploads = new ResumableUploads(clients, { limits, grants, logger })
  const readLimits = masterLimits(clients)
  const readMaxBytes = async () => (await readLimits())?.maxUploadBytes
  const maxBytesFor = async ({ grant }: Caller) => {
    const maxBytes = await readMaxBytes()
    const granted = grant && (await grants.read(grant)).maxBytes
    return granted === undefined ? maxBytes : Math.min(granted, maxBytes ?? granted)
  }
  acceptBytes(app)
  app.addHook('onRequest', async (_request, reply) => void reply.header('tus-resumable', tusVersion))
  app.addHook('preHandler', async request => requireVersion(request))
  app.setErrorHandler((error, { method }) => {
    // After any other error of a HEAD, clients assume that the upload has ended, and begin a new upload.
    if (method === 'HEAD' && isTemporary(error))
      throw new ServiceProblem(423, 'busy', 'the state of the upload cannot be read now; try again', {
        headers: { 'retry-after': '1' },
      })
    throw error
  })

  const describe = async (_request: FastifyRequest, reply: FastifyReply) => {
    const maxBytes = await readMaxBytes()
    reply.headers({
      'tus-version': tusVersion,
      'tus-extension': tusExtensions.join(),
      ...(maxBytes !== undefined && { 'tus-max-size': maxBytes }),
    })
    return reply.code(204).send()
  }
  app.route({ ...frontendRoutes.describeTus, handler: describe })
  app.route({ ...frontendRoutes.describeTusOfUpload, handler: describe })

  app.route({
    ...frontendRoutes.createUpload,
    handler: async ({ headers, body, host, caller, raw }, reply) => {
      await gate.check()
      if (headers['upload-concat'] !== undefined)
        throw new ServiceProblem(400, 'no-concatenation', 'Upload-Concat is not supported: send one upload')
      requireNoChecksum(headers['upload-checksum'])
      const bytes = bytesOf(raw.headers)
      const hasBody = bytes === undefined ? raw.headers['transfer-encoding'] !== undefined : bytes > 0
      if (hasBody) requireContentType(headers['content-type'])
      const length = requireLength(headers)
      const maxBytes = await maxBytesFor(caller)
      if (length !== undefined && length > (maxBytes ?? length)) throw tooLarge(maxBytes ?? 0)
      const metadata = headers['upload-metadata']
      const urgency = urgencyOf(headers.priority)
      const given = optionsIn(readMetadata(metadata))
      if (caller.grant) requireNoOptions(given)
      const place = caller.grant && (await grants.take(caller.grant))
      const options =
        place?.record.options ?? (await expandOptions(withCallback(given, caller, outbound), presets))
      const upload = {
        options,
        ...(length !== undefined && { length }),
        ...(metadata !== undefined && { metadata }),
        ...(urgency !== undefined && { urgency }),
      }
      const first = { offset: 0, body: body as Body, bytes, maxBytes }
      const id = place?.imageId ?? newImageId()
      const state = await uploads.create(caller, upload, id, hasBody ? first : undefined)
      reply.header('location', linkBase(publicUrls, host) + fillPath(frontendRoutes.getUpload.url, { id }))
      return sendState(reply, 201, state)
    },
  })

  app.route({
    ...frontendRoutes.getUpload,
    config: { swagger: { exposeHeadRoute: true } }, // else OpenAPI leaves out every HEAD
    handler: async ({ params: { id }, caller }, reply) => {
      const state = await uploads.find(caller, id)
      const { length, metadata } = state
      if (length === undefined) reply.header('upload-defer-length', '1')
      else reply.header('upload-length', length)
      if (metadata !== undefined) reply.header('upload-metadata', metadata)
      return sendState(reply, 200, state)
    },
  })

  type Appending = {
    params: { id: string }
    headers: {
      'upload-offset'?: number
      'upload-length'?: number
      'content-type'?: string
      'upload-checksum'?: string
    }
  } & Pick<FastifyRequest, 'body' | 'caller' | 'raw'>
  const append = async ({ params: { id }, headers, body, caller, raw }: Appending, reply: FastifyReply) => {
    await gate.check()
    requireContentType(headers['content-type'])
    requireNoChecksum(headers['upload-checksum'])
    const { 'upload-offset': offset, 'upload-length': length } = headers
    if (offset === undefined)
      throw new ServiceProblem(400, 'invalid-request', 'the header Upload-Offset is missing')
    const given = {
      offset,
      length,
      body: body as Body,
      bytes: bytesOf(raw.headers),
      maxBytes: await maxBytesFor(caller),
    }
    return sendState(reply, 204, await uploads.append(caller, id, given))
  }
  app.route({ ...frontendRoutes.appendToUpload, handler: append })

  const terminate = async (
    { params: { id }, caller }: { params: { id: string } } & Pick<FastifyRequest, 'caller'>,
    reply: FastifyReply,
  ) => {
    await uploads.terminate(caller, id)
    return reply.code(204).send()
  }
  app.route({ ...frontendRoutes.terminateUpload, handler: terminate })

  app.route({
    ...frontendRoutes.overrideUploadMethod,
    handler: async (request, reply) => {
      const method = request.headers['x-http-method-override']?.toUpperCase()
      if (method === 'PATCH') return append(request, reply)
      if (method === 'DELETE') return terminate(request, reply)
      throw new ServiceProblem(
        405,
        'method-not-allowed',
        'send PATCH, or POST with X-HTTP-Method-Override: PATCH',
        {
          headers: { allow: 'HEAD, PATCH, DELETE, OPTIONS' },
        },
      )
    },
  })
}

function sendState(
  reply: FastifyReply,
  status: 200 | 201 | 204,
  { offset, expiresAt }: UploadState,
): FastifyReply {
  reply.header('upload-offset', offset)
  if (expiresAt !== undefined) reply.header('upload-expires', new Date(expiresAt).toUTCString())
  return reply.code(status).send()
}

function requireVersion({ method, headers }: FastifyRequest): void {
  const version = headers['tus-resumable']
  if (method === 'OPTIONS' || version === tusVersion) return
  const words =
    version === undefined ? 'the header Tus-Resumable is missing' : `tus ${version} is not supported`
  throw new ServiceProblem(412, 'tus-version', `${words}; send Tus-Resumable: ${tusVersion}`, {
    headers: { 'tus-version': tusVersion },
  })
}

/** Bytes whose checksum is not compared must not look as if they were checked. */
function requireNoChecksum(checksum: string | undefined): void {
  if (checksum === undefined) return
  const words = 'Upload-Checksum is not supported: send the bytes without it'
  throw new ServiceProblem(400, 'no-checksum', words)
}

function requireContentType(type: string | undefined): void {
  if (type?.split(';')[0]?.trim().toLowerCase() === tusContentType) return
  const words = `the Content-Type must be ${tusContentType}, got ${type ?? 'none'}`
  throw new ServiceProblem(415, 'unsupported-media-type', words)
}

/** Undefined if the client sends it later. */
function requireLength(headers: {
  'upload-length'?: number
  'upload-defer-length'?: string
}): number | undefined {
  const { 'upload-length': length, 'upload-defer-length': isDeferred } = headers
  if ((isDeferred === '1') === (length !== undefined) || (isDeferred ?? '1') !== '1')
    throw new ServiceProblem(400, 'invalid-request', 'send either Upload-Length or Upload-Defer-Length: 1')
  if (length === 0) throw new ServiceProblem(400, 'empty-body', 'Upload-Length is 0: send an image')
  return length
}

/** The declared length of the body. */
function bytesOf(headers: { 'content-length'?: string | undefined }): number | undefined {
  const { 'content-length': bytes } = headers
  return bytes === undefined ? undefined : Number(bytes)
}

function optionsIn(metadata: ReadonlyMap<string, string>): UploadOptions {
  const given = Object.keys(UploadOptions.properties).map(name => [name, metadata.get(name)])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function isTemporary(error: unknown): boolean {
  if (error instanceof UnexpectedReply) return true
  const { status, statusCode } = error as { status?: number; statusCode?: number }
  const answered = status ?? statusCode ?? 500
  return answered === 429 || answered >= 500
}
