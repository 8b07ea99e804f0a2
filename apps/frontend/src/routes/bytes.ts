import { fileExtensionOf, frontendRoutes, type Stage } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import { relayBlob, requireFinished } from '@darkroom/service-kit/images'
import type { FastifyReply } from 'fastify'
import { type Caller, requireImage } from '../access/caller.ts'
import type { FrontendClients } from './images.ts'

export function addBytesRoutes(app: App, { storage, taskDb }: FrontendClients): void {
  app.route({
    ...frontendRoutes.getResult,
    handler: async ({ params: { id }, caller }, reply) => sendBytes(reply, caller, id, 'post'),
  })

  app.route({
    ...frontendRoutes.getOriginal,
    handler: async ({ params: { id }, caller }, reply) => sendBytes(reply, caller, id, 'pre'),
  })

  app.route({
    ...frontendRoutes.getLegacyResult,
    handler: async ({ query: { id }, caller }, reply) => sendBytes(reply, caller, id, 'post'),
  })

  async function sendBytes(
    reply: FastifyReply,
    caller: Caller,
    id: string,
    stage: Stage,
  ): Promise<FastifyReply> {
    const task = await requireImage(taskDb, caller, id)
    if (stage === 'post') requireFinished(task)
    const { contentType } = (stage === 'post' && task.result) || task.original
    const disposition = stage === 'post' ? 'inline' : 'attachment'
    // What a stranger uploaded is never run, sniffed or framed as something else (OWASP File Upload).
    return relayBlob(
      reply,
      storage,
      { key: id, stage },
      {
        'cache-control': 'private, no-cache',
        'content-disposition': `${disposition}; filename="${id}.${fileExtensionOf(contentType)}"`,
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
      },
    )
  }
}
