import { availableParallelism } from 'node:os'
import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, portSetting } from '@darkroom/service-kit'

const MiB = 1024 * 1024

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts['image-worker']),
  workerName: Type.Optional(
    Type.String({
      maxLength: 150,
      description: 'How tasks and logs call it; default host name and process id',
    }),
  ),
  threads: Type.Integer({
    default: availableParallelism(),
    minimum: 1,
    maximum: 256,
    description: 'Images worked on at once; by default one a core. A thread starts when all others are busy',
  }),
  processingMs: Type.Integer({
    default: 60_000,
    minimum: 100,
    description: 'An image that takes longer fails, and its thread is ended',
  }),
  memoryBudgetBytes: Type.Integer({
    default: 1024 * MiB,
    minimum: 1,
    description:
      'That images being unpacked may take together; an image that would exceed it waits, a larger one runs alone',
  }),
  maxPixels: Type.Integer({ default: 50_000_000, minimum: 1, description: 'Of all frames together' }),
  maxUnpackedBytes: Type.Integer({ default: 512 * MiB, minimum: 1, description: 'Of all frames together' }),
})
export type Config = Static<typeof Config>
