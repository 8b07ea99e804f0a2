import type { Client, taskDbRoutes } from '@darkroom/contracts'
import type { App, Logger } from '@darkroom/service-kit'
import type { WorkQueue } from './queue.ts'

/** Of the master's settings, those of queues. */
export interface QueueSettings {
  queueUrl: string
  leaseMs: number
  reconcileMs: number
  bullBoard: 'off' | 'read-only' | 'read-write'
}

export interface QueueNeeds {
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
}

export interface OpenedQueue {
  queue: WorkQueue
  /** What the engine shows of itself: measurements, and pages. */
  show?(app: App): void
}
