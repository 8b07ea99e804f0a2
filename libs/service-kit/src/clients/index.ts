/** For threads that call services and serve none: it loads no server. */

export { createLogger, type Logger } from '../log/logger.ts'
export { releaseMemoryAtRest } from '../memory/memory-at-rest.ts'
export { collectUsed } from '../memory/streamed-memory.ts'
export { isOutage, ServiceUnavailable } from '../problems/problems.ts'
export { Backoff } from '../time/backoff.ts'
export { ServiceClients } from './service-clients.ts'
