import { availableParallelism } from 'node:os'
import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, longestTimerMs, portSetting, tokenSetting } from '@darkroom/service-kit'

const MiB = 1024 * 1024

export const Config = Type.Object({
  ...commonSettings,
  workerToken: Type.Optional(
    tokenSetting(
      'Instead of CLUSTER_TOKEN: a token that opens only the routes that a worker needs. `darkroom token worker` prints it',
    ),
  ),
  port: portSetting(defaultPorts['image-worker']),
  workerName: Type.Optional(
    Type.String({
      maxLength: 150,
      description: 'Name of this worker in tasks and logs; default: host name and process id',
    }),
  ),
  threads: Type.Integer({
    default: availableParallelism(),
    minimum: 1,
    maximum: 256,
    description: 'Images developed at once; default: one per core. A thread starts when all others are busy',
  }),
  processingMs: Type.Integer({
    default: 60_000,
    minimum: 100,
    maximum: longestTimerMs,
    description: 'An image that takes longer fails, and its thread is terminated',
  }),
  memoryBudgetBytes: Type.Integer({
    default: 1024 * MiB,
    minimum: 1,
    description:
      'Memory for all images that are being unpacked. An image that would exceed it waits; a larger image runs alone',
  }),
  maxPixels: Type.Integer({
    default: 50_000_000,
    minimum: 1,
    description: 'Limit for the pixels of all frames together',
  }),
  maxUnpackedBytes: Type.Integer({
    default: 512 * MiB,
    minimum: 1,
    description: 'Limit for the unpacked samples of all frames together',
  }),
})
export type Config = Static<typeof Config>
