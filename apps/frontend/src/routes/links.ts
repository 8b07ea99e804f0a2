import { defaultLinkSeconds, frontendRoutes, type Task } from '@darkroom/contracts'
import { type App, acceptJson, type ServiceClients } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireImage } from '../access/caller.ts'
import { SignedLinks, type SignedLinksOptions } from '../access/signed-links.ts'
import { type ImageBytes, originalOf, resultOf, sendBytes, variantOf } from '../images/image-bytes.ts'
import { linkBase } from '../public-urls.ts'

interface LinkDependencies extends Omit<SignedLinksOptions, 'clients'> {
  publicUrls: readonly URL[]
  /** Counts a request without a key. @throws ServiceProblem 429 */
  countRequest(request: FastifyRequest, reply: FastifyReply): void
}

/** Signed links: bytes without a key, until they expire. */
export function addLinkRoutes(
  app: App,
  clients: Pick<ServiceClients, 'imageMaster' | 'storage' | 'taskDb'>,
  { authenticator, signing, publicUrls, countRequest }: LinkDependencies,
): void {
  const links = new SignedLinks({ clients, authenticator, signing })
  acceptJson(app)
  app.addHook('preValidation', async request => {
    request.body ??= {}
  })

  app.route({
    ...frontendRoutes.createLinks,
    handler: async ({ params, body: { expiresIn = defaultLinkSeconds }, caller, host, log }) => {
      const task = await requireImage(clients.taskDb, caller, params.id)
      const { keyId } = caller
      const signed = await links.sign(task, { keyId, expiresIn, base: linkBase(publicUrls, host) })
      log.info({ id: task.id, expiresAt: signed.expiresAt, by: keyId }, 'links to an image were signed')
      return signed
    },
  })

  const send = async (
    request: FastifyRequest,
    reply: FastifyReply,
    link: { id: string; signature: string; kind: string },
    bytesOf: (task: Task) => ImageBytes,
  ) => {
    countRequest(request, reply)
    const { task, maxAgeSeconds } = await links.open(link)
    // Pages with an embedder policy (COEP) show only what allows it.
    reply.header('cross-origin-resource-policy', 'cross-origin')
    return sendBytes(reply, clients.storage, bytesOf(task), `public, max-age=${maxAgeSeconds}`)
  }

  app.route({
    ...frontendRoutes.getSignedResult,
    handler: (request, reply) => send(request, reply, { ...request.params, kind: 'result' }, resultOf),
  })

  app.route({
    ...frontendRoutes.getSignedOriginal,
    handler: (request, reply) => send(request, reply, { ...request.params, kind: 'original' }, originalOf),
  })

  app.route({
    ...frontendRoutes.getSignedVariant,
    handler: (request, reply) => {
      const { name, ...params } = request.params
      return send(request, reply, { ...params, kind: `variants/${name}` }, task => variantOf(task, name))
    },
  })
}
