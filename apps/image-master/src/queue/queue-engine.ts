import type { Client, taskDbRoutes } from '@darkroom/contracts'
import type { App, Logger } from '@darkroom/service-kit'
import type { WorkQueue } from './queue.ts'

/** The master's settings that concern queues. */
export interface QueueSettings {
  queueUrl: string
  leaseMs: number
  reconcileMs: number
  bullBoard: 'off' | 'read-only' | 'read-write'
}

export interface QueueDependencies {
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
}

export interface OpenedQueue {
  queue: WorkQueue
  /** Adds the engine's measurements and pages to the app. */
  addTo?(app: App): void
}
