import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, dataDirSetting, portSetting } from '@darkroom/service-kit'
import { storeUrlPattern } from './engine/open-store.ts'

const MiB = 1024 * 1024

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.storage),
  dataDir: dataDirSetting,
  blobStoreUrl: Type.Optional(
    Type.String({
      pattern: storeUrlPattern,
      forms: 'file:<folder>, or s3://<bucket>?endpoint=<url>&region=<region>&pathStyle=true&prefix=<prefix>',
      description: 'Default: file:<DATA_DIR>/storage',
    }),
  ),
  maxBlobBytes: Type.Integer({
    default: 1024 * MiB,
    minimum: 1,
    description:
      'Larger bodies are refused (413). More than the limit for uploads, as results can be larger than originals',
  }),
  minFreeBytes: Type.Integer({
    default: 256 * MiB,
    minimum: 0,
    description: 'File engine: with less free space than this on its disk, new bytes are refused (503)',
  }),
})
export type Config = Static<typeof Config>
