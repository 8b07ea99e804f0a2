export { type App, acceptBytes, acceptJson, createApp } from './app.ts'
export { Backoff } from './backoff.ts'
export { readBaseUrl } from './base-url.ts'
export { type BodyBounds, bodyBoundsIn } from './body-progress.ts'
export { type Clock, SteadyTime, systemClock } from './clock.ts'
export {
  type CommonConfig,
  commonSettings,
  dataDirSetting,
  httpUrl,
  InvalidConfig,
  isLoopback,
  loadConfig,
  portSetting,
  variableName,
} from './config.ts'
export { deleteBytes, deleteImage } from './delete-image.ts'
export type { EntityTag } from './entity-tags.ts'
export { isExactNumber } from './exact-number.ts'
export { findTask } from './find-task.ts'
export { type Hold, hangUpSignal, holdFor, holdSignal } from './hold.ts'
export { InProcessServices } from './in-process.ts'
export { LiveSettings } from './live-settings.ts'
export { createLogger, type Logger } from './logger.ts'
export { wasNeverSent } from './never-sent.ts'
export { PageCursors, taskCursors } from './page-cursors.ts'
export {
  checkPreconditions,
  isRangeCurrent,
  readEntityTags,
  type Validators,
  writeCondition,
} from './preconditions.ts'
export { isOutage, retryLater, ServiceProblem, ServiceUnavailable, TokenRefused } from './problems.ts'
export { atMost, type Body, readBody, tooLarge } from './read-body.ts'
export { readHead } from './read-head.ts'
export { readBlob, relayBlob, requireFinished } from './relay-blob.ts'
export { repeat } from './repeat.ts'
export { describeStartError, endOnSignal, runService } from './run-service.ts'
export { type Api, apiOf } from './serve.ts'
export { ServiceClients } from './service-clients.ts'
export { type RunningService, startService } from './start-service.ts'
export { startedByNpm } from './started-by-npm.ts'
export { collectingMemory } from './streamed-memory.ts'
export { Tally } from './tally.ts'
export { createTransport, fixedAddress } from './transport.ts'
export { type KvClient, watchPrefix } from './watch-prefix.ts'
