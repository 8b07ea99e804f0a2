import { clusterStateRoutes } from '@darkroom/contracts'
import { type App, unavailable } from '@darkroom/service-kit'
import type { StateNode } from '../node/state-node.ts'

export function addMemberRoutes(app: App, node: StateNode): void {
  app.route({
    ...clusterStateRoutes.listMembers,
    handler: async () => {
      const { membership } = node
      if (!membership) throw unavailable('starting', 'the node has not joined the others yet', 1)
      return { self: membership.self, members: [...membership.members()] }
    },
  })
}
