import { fillPath, frontendRoutes, tusExtensions, tusVersion } from '@darkroom/contracts'
import { type App, acceptBytes, type Body, type Logger, ServiceProblem } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ErasedOwners } from '../access/erased-owners.ts'
import type { GrantStore } from '../access/grant-store.ts'
import { requireUnrevoked, unlessRevoked } from '../access/unless-revoked.ts'
import type { IntakeGate } from '../intake/intake-gate.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { masterLimits } from '../limits/master-limits.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { linkBase } from '../public-urls.ts'
import type { UploadClients } from '../resumable/complete-uploads.ts'
import type { UploadState } from '../resumable/piece-receiver.ts'
import { ResumableUploads } from '../resumable/resumable-uploads.ts'
import { addTusHooks } from '../resumable/tus-headers.ts'
import type { UploadLimits } from '../resumable/upload-records.ts'
import { type AppendRequest, readAppend, readCreation } from '../resumable/upload-request.ts'
import type { Presets } from '../uploads/presets.ts'

interface ResumableOptions {
  limits: UploadLimits
  grants: GrantStore
  presets: Pick<Presets, 'require'>
  publicUrls: readonly URL[]
  outbound: Pick<Outbound, 'mistakeIn'>
  keys: Pick<KeyRing, 'describe'>
  erased: ErasedOwners
  logger: Logger
}

/** tus 1.0: https://tus.io/protocols/resumable-upload */
export function addResumableRoutes(
  app: App,
  clients: UploadClients,
  gate: IntakeGate,
  { limits, grants, presets, publicUrls, outbound, keys, erased, logger }: ResumableOptions,
): void {
  const uploads = new ResumableUploads(clients, { limits, grants, erased, logger })
  const readLimits = masterLimits(clients)
  const readMaxBytes = async () => (await readLimits())?.maxUploadBytes
  const dependencies = { grants, presets, outbound, readMaxBytes }
  acceptBytes(app)
  addTusHooks(app)
  const guardBody = (request: Pick<FastifyRequest, 'body' | 'caller'>) => {
    if (request.body) request.body = unlessRevoked(request.body as Body, request.caller, keys)
  }

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
    handler: async (request, reply) => {
      await gate.check()
      guardBody(request)
      const { id, upload, first } = await readCreation(request, dependencies)
      requireUnrevoked(request.caller, keys)
      const state = await uploads.create(request.caller, upload, id, first)
      const path = fillPath(frontendRoutes.getUpload.url, { id })
      reply.header('location', linkBase(publicUrls, request.host) + path)
      return sendState(reply, 201, state)
    },
  })

  app.route({
    ...frontendRoutes.getUpload,
    handler: async ({ params: { id }, caller }, reply) => {
      const state = await uploads.find(caller, id)
      const { length, metadata } = state
      if (length === undefined) reply.header('upload-defer-length', '1')
      else reply.header('upload-length', length)
      if (metadata !== undefined) reply.header('upload-metadata', metadata)
      return sendState(reply, 200, state)
    },
  })

  const append = async (request: AppendRequest & OfUpload, reply: FastifyReply) => {
    await gate.check()
    guardBody(request)
    const appended = await readAppend(request, dependencies)
    return sendState(reply, 204, await uploads.append(request.caller, request.params.id, appended))
  }
  const terminate = async ({ params: { id }, caller }: OfUpload, reply: FastifyReply) => {
    await uploads.terminate(caller, id)
    return reply.code(204).send()
  }
  app.route({ ...frontendRoutes.appendToUpload, handler: append })
  app.route({ ...frontendRoutes.terminateUpload, handler: terminate })
  app.route({
    ...frontendRoutes.overrideUploadMethod,
    handler: async (request, reply) => {
      const method = request.headers['x-http-method-override']?.toUpperCase()
      if (method === 'PATCH') return append(request, reply)
      if (method === 'DELETE') return terminate(request, reply)
      const given = method === undefined ? 'none' : JSON.stringify(method)
      const message = `a POST needs X-HTTP-Method-Override: PATCH or DELETE, got ${given}`
      const allow = 'HEAD, PATCH, DELETE, OPTIONS'
      throw new ServiceProblem(405, 'method-not-allowed', message, { headers: { allow } })
    },
  })
}

type OfUpload = Pick<FastifyRequest, 'caller'> & { params: { id: string } }

function sendState(
  reply: FastifyReply,
  status: 200 | 201 | 204,
  { offset, expiresAt }: UploadState,
): FastifyReply {
  reply.header('upload-offset', offset)
  if (expiresAt !== undefined) reply.header('upload-expires', new Date(expiresAt).toUTCString())
  return reply.code(status).send()
}
