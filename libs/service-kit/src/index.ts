export { isBodyAwaited } from './bodies/awaited-bodies.ts'
export { type BodyBounds, bodyBoundsIn } from './bodies/body-progress.ts'
export { GivenStream } from './bodies/given-stream.ts'
export { atMost, type Body, readBody } from './bodies/read-body.ts'
export { readHead } from './bodies/read-head.ts'
export { withoutCredentials } from './clients/base-url.ts'
export { checkHealth } from './clients/check-health.ts'
export { InProcessServices } from './clients/in-process.ts'
export { deleteKeysUnder, keysUnder } from './clients/keys-under.ts'
export { LiveSettings } from './clients/live-settings.ts'
export { wasNeverSent } from './clients/never-sent.ts'
export { readJson } from './clients/read-json.ts'
export { ServiceClients } from './clients/service-clients.ts'
export { Tally } from './clients/tally.ts'
export { type KvClient, watchPrefix } from './clients/watch-prefix.ts'
export type { EntityTag } from './conditions/entity-tags.ts'
export {
  checkPreconditions,
  isRangeCurrent,
  readEntityTags,
  type Validators,
  writeCondition,
} from './conditions/preconditions.ts'
export { engineName } from './engines/engine-name.ts'
export { type Engines, engineFor, engineUrlPattern } from './engines/engines.ts'
export { openEngine } from './engines/open-engine.ts'
export {
  diskFailed,
  diskFull,
  diskRefused,
  OutcomeUnknown,
  RequestRefused,
  StoreFull,
  StoreMisconfigured,
  StoreUnavailable,
} from './engines/store-errors.ts'
export { acceptBytes, acceptJson } from './http/accept-bodies.ts'
export { batchHandler } from './http/answer-batch.ts'
export { apiOf } from './http/api.ts'
export type { App } from './http/app.ts'
export { createApp } from './http/create-app.ts'
export { onceHalfClosed } from './http/half-closed.ts'
export { halfCloseSignal, hangUpSignal, holdFor, holdSignal } from './http/hold.ts'
export { PageCursors, taskCursors } from './http/page-cursors.ts'
export { Counter, Gauge, Histogram } from './http/prom-client.ts'
export { namesCompression } from './http/refuse-codings.ts'
export { deriveWorkerToken } from './http/worker-token.ts'
export { imageIdIn } from './log/image-id.ts'
export { createLogger, type Logger } from './log/logger.ts'
export { collectLessOften } from './memory/collect-less-often.ts'
export { releaseMemoryAtRest } from './memory/memory-at-rest.ts'
export { collectingMemory } from './memory/streamed-memory.ts'
export {
  isOutage,
  ServiceProblem,
  ServiceUnavailable,
  TokenRefused,
  tooLarge,
  tooManyRequests,
  unavailable,
} from './problems/problems.ts'
export { describeStartError, endOnSignal, runService } from './process/run-service.ts'
export { type RunningService, startService } from './process/start-service.ts'
export { startedByNpm } from './process/started-by-npm.ts'
export {
  commonSettings,
  dataDirSetting,
  httpUrl,
  InvalidConfig,
  isLoopback,
  loadConfig,
  longestTimerMs,
  portSetting,
  tokenSetting,
} from './settings/config.ts'
export { isExactNumber } from './settings/exact-number.ts'
export { BackgroundRetries } from './time/background-retries.ts'
export { Backoff } from './time/backoff.ts'
export { type Clock, SteadyTime, systemClock } from './time/clock.ts'
export { mapConcurrently } from './time/map-concurrently.ts'
export { repeat } from './time/repeat.ts'
