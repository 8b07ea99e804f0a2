import { frontendRoutes } from '@darkroom/contracts'
import type { App, ServiceClients } from '@darkroom/service-kit'
import { requireImage } from '../access/caller.ts'
import { originalOf, resultOf, sendBytes, variantOf } from '../images/image-bytes.ts'

export function addBytesRoutes(
  app: App,
  { storage, taskDb }: Pick<ServiceClients, 'storage' | 'taskDb'>,
): void {
  app.route({
    ...frontendRoutes.getResult,
    handler: async ({ params: { id }, caller }, reply) =>
      sendBytes(reply, storage, resultOf(await requireImage(taskDb, caller, id))),
  })

  app.route({
    ...frontendRoutes.getVariant,
    handler: async ({ params: { id, name }, caller }, reply) =>
      sendBytes(reply, storage, variantOf(await requireImage(taskDb, caller, id), name)),
  })

  app.route({
    ...frontendRoutes.getOriginal,
    handler: async ({ params: { id }, caller }, reply) =>
      sendBytes(reply, storage, originalOf(await requireImage(taskDb, caller, id))),
  })

  app.route({
    ...frontendRoutes.getLegacyResult,
    handler: async ({ query: { id }, caller }, reply) =>
      sendBytes(reply, storage, resultOf(await requireImage(taskDb, caller, id))),
  })
}
