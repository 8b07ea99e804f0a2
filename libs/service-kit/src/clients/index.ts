/** For threads that call services and serve none: it loads no server. */
export { collectUsed } from '../bodies/streamed-memory.ts'
export { createLogger, type Logger } from '../log/logger.ts'
export { isOutage, ServiceUnavailable } from '../problems/problems.ts'
export { releaseMemoryAtRest } from '../process/memory-at-rest.ts'
export { Backoff } from '../time/backoff.ts'
export { ServiceClients } from './service-clients.ts'
