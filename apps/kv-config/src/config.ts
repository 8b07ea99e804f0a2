import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, dataDirSetting, portSetting } from '@darkroom/service-kit'
import { storeUrlPattern } from './engine/open-store.ts'

export const Config = Type.Object({
  ...commonSettings,
  kvUrl: Type.Optional(
    Type.String({
      format: 'url',
      description: 'URL of kv-config at which it registers; default http://HOST:PORT, its own address',
    }),
  ),
  port: portSetting(defaultPorts['kv-config']),
  dataDir: dataDirSetting,
  kvStoreUrl: Type.Optional(
    Type.String({
      pattern: storeUrlPattern,
      forms: 'sqlite:<path>, or etcd://[user:password@]a:2379,b:2379[?prefix=darkroom/&tls=true]',
      description: 'Default: sqlite:<DATA_DIR>/kv-config.sqlite',
    }),
  ),
})
export type Config = Static<typeof Config>
