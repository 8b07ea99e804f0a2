import { defaultPorts, NodeName } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, dataDirSetting, portSetting } from '@darkroom/service-kit'
import { membershipUrlPattern } from './membership/open-membership.ts'
import { gossipSettings } from './node/gossip-settings.ts'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts['cluster-state']),
  dataDir: dataDirSetting,
  stateStoreUrl: Type.Optional(
    Type.String({
      pattern: '^sqlite:',
      description: 'sqlite:<path>; default sqlite:<DATA_DIR>/cluster-state.sqlite',
    }),
  ),
  membershipUrl: Type.String({
    pattern: membershipUrlPattern,
    default: 'kv:',
    description: 'Where nodes find each other: kv: by kv-config; serf://[:key@]host:port by a Serf agent',
  }),
  dataCentre: Type.String({
    ...NodeName,
    default: 'local',
    description: 'Members of the same one are told more, and sooner, than others',
  }),
  maxNames: Type.Integer({
    default: 5000,
    minimum: 1,
    maximum: 100_000,
    description: 'Registers, deleted ones included, and counters that are made here',
  }),
  maxEntries: Type.Integer({
    default: 100_000,
    minimum: 1,
    maximum: 10_000_000,
    description:
      'Registers, and counters once for each node, that are taken from others; about 2 KiB of memory each',
  }),
  ...gossipSettings,
})
export type Config = Static<typeof Config>
