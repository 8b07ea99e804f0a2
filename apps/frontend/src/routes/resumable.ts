import {
  fillPath,
  frontendRoutes,
  tusExtensions,
  tusVersion,
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
import {
  addTusHooks,
  declaredBytes,
  requireContentType,
  requireLength,
  requireNoChecksum,
  requireNoConcatenation,
} from '../resumable/tus-headers.ts'
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
  addTusHooks(app)

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
      requireNoConcatenation(headers['upload-concat'])
      requireNoChecksum(headers['upload-checksum'])
      const bytes = declaredBytes(raw.headers)
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
      bytes: declaredBytes(raw.headers),
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
      const message = 'send PATCH, or POST with X-HTTP-Method-Override: PATCH'
      const allow = 'HEAD, PATCH, DELETE, OPTIONS'
      throw new ServiceProblem(405, 'method-not-allowed', message, { headers: { allow } })
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

function optionsIn(metadata: ReadonlyMap<string, string>): UploadOptions {
  const given = Object.keys(UploadOptions.properties).map(name => [name, metadata.get(name)])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
