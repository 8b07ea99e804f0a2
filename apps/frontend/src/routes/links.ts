import { defaultLinkSeconds, frontendRoutes, type Task } from '@darkroom/contracts'
import { type App, acceptJson, ServiceProblem } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from '../access/authenticator.ts'
import { imageNotFound, requireImage } from '../access/caller.ts'
import { type LinkTerms, readSignature, signedPath } from '../access/signed-link.ts'
import type { SigningKeys } from '../access/signing-keys.ts'
import { type ImageBytes, originalOf, resultOf, sendBytes, variantOf } from '../image-bytes.ts'
import { masterLimits } from '../master-limits.ts'
import { linkBase } from '../public-urls.ts'
import type { FrontendClients } from './images.ts'

/** How long caches may keep the bytes, as they can't know that an image was deleted or a key revoked. */
const maxCachedSeconds = 3600
/** For a master of an earlier version, whose answer does not contain how long images are kept. */
const presumedRetentionSeconds = 86_400

export interface LinkDependencies {
  authenticator: Authenticator
  signing: Pick<SigningKeys, 'keyFor'>
  publicUrls: readonly URL[]
  /** Counts a request without a key. @throws ServiceProblem 429 */
  countRequest(request: FastifyRequest, reply: FastifyReply): void
}

/** Signed links: bytes without a key, until they expire. */
export function addLinkRoutes(
  app: App,
  clients: FrontendClients,
  { authenticator, signing, publicUrls, countRequest }: LinkDependencies,
): void {
  const { storage, taskDb } = clients
  const readLimits = masterLimits(clients)
  acceptJson(app)
  app.addHook('preValidation', async request => {
    request.body ??= {}
  })

  /** The earliest time at which the image is deleted, in seconds since 1970. */
  const endOf = async ({ finishedAt }: Task): Promise<number> => {
    const { retentionSeconds = presumedRetentionSeconds } = (await readLimits()) ?? {}
    return (finishedAt === undefined ? Date.now() : Date.parse(finishedAt)) / 1000 + retentionSeconds
  }

  app.route({
    ...frontendRoutes.createLinks,
    handler: async ({ params, body: { expiresIn = defaultLinkSeconds }, caller, host, log }) => {
      const task = await requireImage(taskDb, caller, params.id)
      const { id, operations, variants } = task
      const { keyId } = caller
      const now = Date.now() / 1000
      const ends = [now + expiresIn, await endOf(task), authenticator.endOfKey(keyId)]
      const terms: LinkTerms = { keyId, expiresAt: Math.floor(Math.min(...ends)) }
      if (terms.expiresAt <= now - 1) imageNotFound(id)
      const key = await signing.keyFor('links')
      const base = linkBase(publicUrls, host)
      const link = (kind: string) => `${base}${signedPath(`images/${id}/${kind}`, terms, key)}`
      const names = variants && Object.keys(variants)
      log.info({ id, expiresAt: terms.expiresAt, by: keyId }, 'links to an image were signed')
      return {
        id,
        expiresAt: new Date(terms.expiresAt * 1000).toISOString(),
        links: {
          original: link('original'),
          ...(operations && { result: link('result') }),
          ...(names && { variants: Object.fromEntries(names.map(name => [name, link(`variants/${name}`)])) }),
        },
      }
    },
  })

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    { id, signature, kind }: { id: string; signature: string; kind: string },
    bytesOf: (task: Task) => ImageBytes,
  ): Promise<FastifyReply> {
    countRequest(request, reply)
    if (!authenticator.isReady) await authenticator.untilReady()
    const terms = readSignature(signature, `images/${id}/${kind}`, await signing.keyFor('links'))
    if (!terms) throw refuse('this link is not valid: it is incomplete, or was altered')
    const now = Date.now() / 1000
    if (terms.expiresAt <= now) throw refuse('this link has expired; ask for another')
    const caller = authenticator.callerFor(terms.keyId)
    if (!caller) throw refuse('this link has ended with its API key; ask for another')
    const task = await requireImage(taskDb, caller, id)
    const end = Math.min(terms.expiresAt, await endOf(task), authenticator.endOfKey(terms.keyId))
    const maxAge = Math.max(0, Math.min(Math.floor(end - now), maxCachedSeconds))
    return sendBytes(reply, storage, bytesOf(task), `public, max-age=${maxAge}`)
  }

  app.route({
    ...frontendRoutes.getSignedResult,
    handler: async (request, reply) => send(request, reply, { ...request.params, kind: 'result' }, resultOf),
  })

  app.route({
    ...frontendRoutes.getSignedOriginal,
    handler: async (request, reply) =>
      send(request, reply, { ...request.params, kind: 'original' }, originalOf),
  })

  app.route({
    ...frontendRoutes.getSignedVariant,
    handler: async (request, reply) => {
      const { name, ...params } = request.params
      return send(request, reply, { ...params, kind: `variants/${name}` }, task => variantOf(task, name))
    },
  })
}

function refuse(detail: string): ServiceProblem {
  return new ServiceProblem(403, 'link-refused', detail)
}
