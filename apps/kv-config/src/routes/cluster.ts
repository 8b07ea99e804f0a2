import { kvConfigRoutes } from '@darkroom/contracts'
import { type App, ServiceProblem } from '@darkroom/service-kit'
import type { Cluster, KvStore } from '../engine/engine.ts'

export function addClusterRoutes(app: App, store: KvStore): void {
  app.route({
    ...kvConfigRoutes.getCluster,
    handler: async () => (await store.cluster?.members()) ?? { members: [] },
  })

  app.route({
    ...kvConfigRoutes.addMember,
    handler: async ({ body: { urls } }, reply) => reply.code(201).send(await clusterOf(store).add(urls)),
  })

  app.route({
    ...kvConfigRoutes.removeMember,
    handler: async ({ params: { id } }, reply) => {
      if (await clusterOf(store).remove(id)) return reply.code(204).send()
      throw new ServiceProblem(404, 'member-not-found', `there is no member ${id}`)
    },
  })
}

function clusterOf(store: KvStore): Cluster {
  if (store.cluster) return store.cluster
  throw new ServiceProblem(501, 'not-clustered', 'this store has one member and takes no others')
}
