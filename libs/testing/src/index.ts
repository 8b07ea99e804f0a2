export { asOrdinaryUser } from './as-ordinary-user.ts'
export { assertLongBeforeEnd } from './assert-long-before-end.ts'
export { assertNeedsToken } from './assert-needs-token.ts'
export { assertProblem } from './assert-problem.ts'
export { assertSwapped } from './assert-swapped.ts'
export { characterOf, lastCharacter } from './characters.ts'
export { connectTo } from './connect-to.ts'
export { type DiskImage, makeDiskImage, powerCutsAreMissing } from './disk-image.ts'
export {
  type EngineName,
  enginePrograms,
  findEngine,
  findProgram,
  missingEngineMessage,
  withEngine,
} from './engines/engine-programs.ts'
export { type EtcdMember, type EtcdServers, startEtcd } from './engines/etcd.ts'
export { type SettableClock, settableClock } from './engines/faketime.ts'
export { startPgBouncer } from './engines/pgbouncer.ts'
export { type Postgres, startPostgres } from './engines/postgres.ts'
export { type RedisServer, startRedis } from './engines/redis.ts'
export { type ObjectStore, startObjectStore } from './engines/s3.ts'
export { type SerfAgent, type SerfOptions, startSerf } from './engines/serf.ts'
export { freePort } from './free-port.ts'
export { freePortRange } from './free-port-range.ts'
export { breakDisk, fillDisk } from './full-disk.ts'
export { generateImage, type ImageKind, imageKinds, isLossless } from './generated-image.ts'
export { type HttpRequest, type HttpResponse, httpRequest } from './http-request.ts'
export { tiffOf } from './large-tiff.ts'
export { inMountNamespace, mountsAreMissing } from './mount-namespace.ts'
export {
  type HostNetwork,
  makeNetwork,
  type NetworkHost,
  networkNamespacesAreMissing,
} from './network-namespaces.ts'
export type { Owner } from './owner.ts'
export { pauseProcess } from './pause-process.ts'
export { photograph } from './photograph.ts'
export {
  childrenOf,
  forgetPeak,
  isRunning,
  procIsMissing,
  residentMemory,
  untilIdle,
} from './process-status.ts'
export { type Program, startProgram } from './program.ts'
export { RecordedLog } from './recorded-log.ts'
export { RecordedTally } from './recorded-tally.ts'
export { relayTcp } from './relay-tcp.ts'
export { type ScriptProcess, startScript } from './script-process.ts'
export { serveHttp } from './serve-http.ts'
export { sha256 } from './sha256.ts'
export { type Darkroom, startDarkroom } from './start-darkroom.ts'
export { commandLine, mainOf, type ServiceProcess, startService, untilAlive } from './start-service.ts'
export { blobFiles, storedBlobs } from './stored-blobs.ts'
export { temporaryFolder } from './temporary-folder.ts'
export { until } from './until.ts'
