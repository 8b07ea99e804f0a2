import type { Handlers, kvConfigRoutes } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { Cluster, KvStore } from '../engine/engine.ts'

type ClusterHandlers = Pick<Handlers<typeof kvConfigRoutes>, 'getCluster' | 'addMember' | 'removeMember'>

export function clusterHandlers(store: KvStore): ClusterHandlers {
  return {
    async getCluster() {
      return { status: 200, body: (await store.cluster?.members()) ?? { members: [] } }
    },

    async addMember({ body: { urls } }) {
      return { status: 201, body: await clusterOf(store).add(urls) }
    },

    async removeMember({ params: { id } }) {
      if (await clusterOf(store).remove(id)) return { status: 204 }
      throw new ServiceProblem(404, 'member-not-found', `there is no member ${id}`)
    },
  }
}

function clusterOf(store: KvStore): Cluster {
  if (store.cluster) return store.cluster
  throw new ServiceProblem(
    501,
    'not-clustered',
    'this engine has a single member; to add members, set KV_STORE_URL to an etcd cluster',
  )
}
