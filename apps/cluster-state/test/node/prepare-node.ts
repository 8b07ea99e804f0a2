import type { Gossip, Member, SyncReply, SyncRequest } from '@darkroom/contracts'
import { type Entry, keyOf } from '@darkroom/crdt'
import { createLogger } from '@darkroom/service-kit'
import { RecordedLog } from '@darkroom/testing'
import type { GossipSettings } from '../../src/node/gossip-settings.ts'
import type { Network } from '../../src/node/network.ts'
import type { StateLimits } from '../../src/node/node-context.ts'
import { StateNode } from '../../src/node/state-node.ts'
import { defaultSettings, fixedMembership, roomyLimits } from '../build-test-app.ts'
import { seededRandom } from '../simulation/seeded-random.ts'
import { SimulatedTime } from '../simulation/simulated-time.ts'

interface SentGossip {
  at: number
  to: string
  names: string[]
  bytes: number
}

/** A node whose members are only names: the test records and answers the messages to them. */
export async function prepareNode(options: {
  members: readonly Member[]
  settings?: Partial<GossipSettings>
  limits?: StateLimits
  answerGossip?: (to: Member) => Promise<void>
  answerSync?: (to: Member, request: SyncRequest) => Promise<SyncReply>
}) {
  const {
    members,
    answerGossip = async () => {},
    answerSync = async () => ({ buckets: [], versions: [] }),
  } = options
  const time = new SimulatedTime()
  const log = new RecordedLog()
  const sent: SentGossip[] = []
  const synced: { at: number; to: string; request: SyncRequest }[] = []
  const network: Network = {
    gossip(to: Member, message: Gossip) {
      const { entries } = message
      const bytes = JSON.stringify(entries).length
      sent.push({ at: time.monotonic(), to: to.id, names: entries.map(({ name }) => name), bytes })
      return answerGossip(to)
    },
    identify: async () => Promise.reject(new Error('nothing answers there')),
    sync(to: Member, request: SyncRequest) {
      synced.push({ at: time.monotonic(), to: to.id, request })
      return answerSync(to, request)
    },
  }
  const saved = new Map<string, Entry>()
  const node = await StateNode.open({
    store: {
      nodeId: 'node-0',
      load: async () => [],
      save: async entries => {
        for (const entry of entries) saved.set(keyOf(entry), entry)
      },
      checkReady: async () => undefined,
      close: async () => undefined,
    },
    network,
    clock: time,
    run: 'run-0',
    random: seededRandom(1),
    settings: { ...defaultSettings, ...options.settings },
    limits: options.limits ?? roomyLimits,
    logger: createLogger('test', 'info', log),
  })
  node.join(fixedMembership(memberOf('node-0'), members))
  return { node, time, log, sent, synced }
}

export function memberOf(id: string, dataCentre = 'here'): Member {
  return { id, url: `http://${id}`, dataCentre }
}

export function near(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => memberOf(`node-${index + 1}`))
}
