import { defaultOperations, defaultPorts, LeaseMs, Operations } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, longestTimerMs, portSetting } from '@darkroom/service-kit'
import { queueUrlPattern } from './queue/open-queue.ts'

const MiB = 1024 * 1024

const adjustable = {
  maxUploadBytes: Type.Integer({
    default: 64 * MiB,
    minimum: 1,
    description: 'Larger uploads are refused (413)',
  }),
  maxPixels: Type.Integer({
    default: 50_000_000,
    minimum: 1,
    description: 'Pixels of all frames together; images with more are refused (422)',
  }),
  maxUnpackedBytes: Type.Integer({
    default: 512 * MiB,
    minimum: 1,
    description: 'Width x height x channels x bytes per sample x frames; images with more are refused (422)',
  }),
  maxQueued: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'While this many tasks are not started, uploads are refused (429)',
  }),
  maxQueuedPerOwner: Type.Integer({
    default: 5000,
    minimum: 1,
    description:
      'With this many tasks of one owner not started, or fewer if the queue is nearly full, uploads of that owner are refused (429)',
  }),
  retentionSeconds: Type.Number({
    default: 86_400,
    exclusiveMinimum: 0,
    maximum: 3_153_600_000, // a hundred years
    description: 'How long an image is kept after its task has ended',
  }),
}

export const Config = Type.Object({
  ...commonSettings,
  ...adjustable,
  port: portSetting(defaultPorts['image-master']),
  queueUrl: Type.String({
    default: 'task-db:',
    pattern: queueUrlPattern,
    forms: 'task-db:, or redis://[user:password@]host[:port][/database], rediss:// for TLS',
  }),
  reconcileMs: Type.Integer({
    default: 3000,
    minimum: 10,
    maximum: longestTimerMs,
    description: 'How often to look for tasks that are missing in Redis',
  }),
  bullBoard: Type.Enum(['off', 'read-only', 'read-write'], {
    default: 'read-only',
    description: 'The page /bull-board that shows the jobs in Redis, and whether it may change them',
  }),
  maxBytesInFlight: Type.Integer({
    default: 1024 * MiB,
    minimum: 1,
    description: 'Bytes of all uploads being received at once; above this, further uploads are refused (503)',
  }),
  maxAttempts: Type.Integer({
    default: 3,
    minimum: 1,
    description: 'After this many attempts that failed or were lost, the task fails',
  }),
  leaseMs: Type.Integer({
    ...LeaseMs,
    default: 10_000,
    minimum: 300,
    description:
      'A worker that does not renew its lease for this long loses its task; workers renew after a third of it',
  }),
  sweepMs: Type.Integer({
    default: 60_000,
    minimum: 10,
    maximum: longestTimerMs,
    description: 'How often expired images are deleted, and images that no worker decodes fail',
  }),
  orphanSweepMs: Type.Integer({
    default: 600_000,
    minimum: 10,
    maximum: longestTimerMs,
    description: 'How often to look for bytes that belong to no task',
  }),
  orphanAgeMs: Type.Integer({
    default: 900_000,
    minimum: 0,
    maximum: longestTimerMs,
    description: 'How long bytes without a task are kept: their task may still be created',
  }),
})
export type Config = Static<typeof Config>

/** Settings that can be changed while the service runs, as JSON under config/image-master/ in kv-config. */
export const LiveConfig = Type.Object({ ...adjustable, defaultOperations: Operations })
export type LiveConfig = Static<typeof LiveConfig>

export function liveDefaults(config: Config): LiveConfig {
  const { maxUploadBytes, maxPixels, maxUnpackedBytes, maxQueued, maxQueuedPerOwner, retentionSeconds } =
    config
  return {
    maxUploadBytes,
    maxPixels,
    maxUnpackedBytes,
    maxQueued,
    maxQueuedPerOwner,
    retentionSeconds,
    defaultOperations: [...defaultOperations],
  }
}
