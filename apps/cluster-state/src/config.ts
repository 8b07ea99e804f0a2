import { defaultPorts, NodeName } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, dataDirSetting, portSetting } from '@darkroom/service-kit'
import { storeUrlPattern } from './engine/open-store.ts'
import { membershipUrlPattern } from './membership/open-membership.ts'
import { gossipSettings } from './node/gossip-settings.ts'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts['cluster-state']),
  dataDir: dataDirSetting,
  stateStoreUrl: Type.Optional(
    Type.String({
      pattern: storeUrlPattern,
      forms: 'sqlite:<path>',
      description: 'Default: sqlite:<DATA_DIR>/cluster-state.sqlite',
    }),
  ),
  membershipUrl: Type.String({
    pattern: membershipUrlPattern,
    default: 'kv:',
    forms: 'kv:, or serf://[:key@]host:port',
    description: 'How nodes find each other: through kv-config, or through a Serf agent',
  }),
  dataCentre: Type.String({
    ...NodeName,
    default: 'local',
    forms: '1 to 64 letters, digits and . _ : -',
    description: 'Nodes of the same data centre exchange changes sooner and more often than others',
  }),
  maxNames: Type.Integer({
    default: 5000,
    minimum: 1,
    maximum: 100_000,
    description: 'Limit for registers (deleted ones included) and counters created on this node',
  }),
  maxEntries: Type.Integer({
    default: 100_000,
    minimum: 1,
    maximum: 10_000_000,
    description:
      'Limit for entries from other nodes: registers, and counters once for each node; about 2 KiB of memory each',
  }),
  ...gossipSettings,
})
export type Config = Static<typeof Config>
