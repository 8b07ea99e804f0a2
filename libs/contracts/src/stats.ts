import { Instant } from './instant.ts'
import { serviceNames } from './service.ts'
import { IntakeState } from './shared-state.ts'
import { type Static, Type } from './typebox/typebox.js'

const Count = Type.Integer({ minimum: 0 })
const Milliseconds = Type.Number({ minimum: 0 })

/** Percentiles of durations, each within 5 % of the true value. */
const Durations = Type.Object({ count: Count, p50: Milliseconds, p90: Milliseconds, p99: Milliseconds })
export type Durations = Static<typeof Durations>

const Failure = Type.Object({
  type: Type.String({ description: 'The type of the problem in `error`' }),
  count: Count,
})

/** Images that ended within the last hour, including those that were deleted since. */
export const LastHour = Type.Object({
  finished: Count,
  failed: Count,
  perMinute: Type.Array(Type.Object({ at: Instant, finished: Count, failed: Count }), {
    description: 'One entry for each of the last 60 minutes, the oldest first; the last minute is not over',
  }),
  milliseconds: Type.Object(
    { waiting: Durations, developing: Durations, total: Durations },
    {
      description:
        'Durations of finished images. waiting: from the upload to the first attempt; developing: from there to the result; total: both. A retried image counts only in the total, from the retry on',
    },
  ),
  failures: Type.Array(Failure, { description: 'By reason, the most frequent first' }),
})
export type LastHour = Static<typeof LastHour>

/** How many images waited and were developed at one instant. */
const Load = Type.Object({ at: Instant, waiting: Count, developing: Count })
export type Load = Static<typeof Load>

export const Disk = Type.Object({ freeBytes: Count, totalBytes: Count })
export type Disk = Static<typeof Disk>

/** The work of one thread of a worker. */
const WorkUnderWay = Type.Object({
  thread: Type.String(),
  image: Type.String({ description: 'The id of the image' }),
  attempt: Type.Integer({ minimum: 1 }),
  since: Type.Optional({ ...Instant, description: 'When the thread got the image' }),
})

const WorkerStats = Type.Object({
  name: Type.String(),
  isRegistered: Type.Boolean({
    description: 'false: the worker holds leases, but does not renew its registration',
  }),
  url: Type.Optional(Type.String()),
  threads: Type.Optional(
    Type.Integer({ minimum: 1, description: 'How many images the worker develops at once' }),
  ),
  decodes: Type.Array(Type.String(), { description: 'Optional types, such as image/heic' }),
  work: Type.Array(WorkUnderWay),
})
export type WorkerStats = Static<typeof WorkerStats>

const ServiceStats = Type.Object({
  service: Type.Enum(serviceNames),
  instance: Type.String(),
  url: Type.String(),
  engine: Type.Optional(
    Type.String({
      description: 'Where the service keeps its data: sqlite, postgres, file, s3, etcd, redis, …',
    }),
  ),
  isReady: Type.Boolean({ description: 'The service and its engine answer' }),
  problem: Type.Optional(Type.String({ description: 'Why the service is not ready' })),
})
export type ServiceStats = Static<typeof ServiceStats>

/**
 * The state of a whole Darkroom, the same from every frontend except for `load`. A part is absent if its service does not
 * answer; `services` contains the reason.
 */
export const Stats = Type.Object({
  at: Instant,
  images: Type.Optional(
    Type.Object(
      { 'not-started': Count, 'in-progress': Count, finished: Count, failed: Count },
      { description: 'The number of images in each state' },
    ),
  ),
  queue: Type.Optional(
    Type.Object({
      waiting: Count,
      oldestAt: Type.Optional({ ...Instant, description: 'When the oldest waiting image arrived' }),
      limit: Type.Optional(
        Type.Integer({ description: 'With this many waiting images, uploads are refused' }),
      ),
      limitPerOwner: Type.Optional(Type.Integer()),
    }),
  ),
  intake: IntakeState,
  lastHour: Type.Optional(LastHour),
  load: Type.Optional(
    Type.Array(Load, {
      description:
        'Counted by this frontend once a minute since its start, for at most an hour; the oldest first',
    }),
  ),
  workers: Type.Optional(Type.Array(WorkerStats)),
  services: Type.Optional(Type.Array(ServiceStats)),
  disk: Type.Optional({ ...Disk, description: 'The disk of the storage; absent if images are stored on S3' }),
})
export type Stats = Static<typeof Stats>
