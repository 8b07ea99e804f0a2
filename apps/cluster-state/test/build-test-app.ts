import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Member } from '@darkroom/contracts'
import { Type, Value } from '@darkroom/contracts/typebox'
import { createLogger } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { RecordedLog, temporaryFolder } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { SqliteStateStore } from '../src/engine/sqlite.ts'
import type { Membership } from '../src/membership/membership.ts'
import { systemClock } from '../src/node/clock.ts'
import { gossipSettings } from '../src/node/gossip-settings.ts'
import type { Network } from '../src/node/network.ts'
import type { StateLimits } from '../src/node/node-context.ts'
import { StateNode } from '../src/node/state-node.ts'

export const defaultSettings = Value.Create(Type.Object(gossipSettings))
export const roomyLimits: StateLimits = { maxNames: 5000, maxEntries: 100_000 }

interface Options {
  clusterToken?: string
  limits?: StateLimits
  members?: Member[]
}

/** The app of a node without members unless members are given. Messages reach it only through its routes. */
export async function buildTestApp(t: TestContext, options: Options = {}) {
  const { clusterToken, limits = roomyLimits, members = [] } = options
  const log = new RecordedLog()
  const logger = createLogger('cluster-state', 'info', log)
  const node = await StateNode.open({
    store: openStore(t),
    network: nowhere,
    clock: systemClock,
    run: 'run-1',
    random: Math.random,
    settings: defaultSettings,
    limits,
    logger,
  })
  const app = expectDeclaredStatuses(t, buildApp({ node, logger, clusterToken }))
  t.after(() => app.close())
  node.join(fixedMembership({ id: node.id, url: 'http://127.0.0.1:8085', dataCentre: 'local' }, members))
  return { app, node, log }
}

export function openStore(t: TestContext): SqliteStateStore {
  return new SqliteStateStore({ path: join(temporaryFolder(t), 'cluster-state.sqlite') })
}

export function fixedMembership(self: Member, members: readonly Member[]): Membership {
  return {
    self,
    members: () => members,
    onChange: () => () => undefined,
    firstRead: Promise.resolve(),
    otherAddresses: () => [],
    checkReady: async () => undefined,
    close: async () => undefined,
  }
}

const nowhere: Network = {
  gossip: async () => undefined,
  sync: async () => ({ buckets: [], versions: [] }),
  identify: async () => Promise.reject(new Error('nothing answers there')),
}
