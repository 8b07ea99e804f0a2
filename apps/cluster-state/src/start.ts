import { randomUUID } from 'node:crypto'
import {
  type Logger,
  openEngine,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { openStateStore } from './engine/open-store.ts'
import { openMembership } from './membership/open-membership.ts'
import { systemClock } from './node/clock.ts'
import { StateNode } from './node/state-node.ts'
import { createRestNetwork } from './rest-network.ts'

export { Config } from './config.ts'

/** Starts a node: it listens, is registered, and exchanges gossip. */
export async function start(config: Config, logger: Logger): Promise<RunningService> {
  const store = await openEngine('STATE_STORE_URL', [UnusableFile], () => openStateStore(config))
  const clients = new ServiceClients({ ...config, logger })
  const run = randomUUID()
  const node = await StateNode.open({
    store,
    network: createRestNetwork({
      clientAt: url => clients.clusterStateAt(url),
      timeoutMs: config.peerTimeoutMs,
    }),
    clock: systemClock,
    run,
    random: Math.random,
    settings: config,
    limits: config,
    logger,
  })
  const { dataCentre, membershipUrl } = config
  const service = await startService({
    app: buildApp({ ...config, node, logger }),
    name: 'cluster-state',
    instance: `${node.id}.${run}`,
    labels: { engine: 'sqlite', id: node.id, run, dataCentre, since: new Date().toISOString() },
    config,
    clients,
    logger,
  })
  const self = { id: node.id, url: service.url, dataCentre }
  try {
    node.join(await openMembership({ membershipUrl, self, run, kv: clients.kv, logger }))
  } catch (error) {
    await service.close()
    throw error
  }
  return service
}
