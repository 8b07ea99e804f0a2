import type { TaskError, Work } from '@darkroom/contracts'

/** Passed to a thread at its start. */
export interface ThreadData {
  /** The name in tasks: the worker's name and the thread's number. */
  name: string
  kvUrl: string
  clusterToken?: string | undefined
  logLevel: string
  processingMs: number
  maxPixels: number
  maxUnpackedBytes: number
  /** Shared by all threads of the process: 1 when libvips reads only the supported formats. */
  loadersAreSet: Int32Array<SharedArrayBuffer>
}

/** How work on a task ended, for the worker's metrics. */
export type WorkEnd =
  | { kind: 'finished'; bytesIn: number; bytesOut: number }
  | { kind: 'failed'; error: TaskError }
  /** The lease was lost or the task deleted, so nothing is reported. */
  | { kind: 'abandoned'; reason: string }
  /** Returned, because the worker shuts down, or a service that it needs is unavailable or full. */
  | { kind: 'returned' }

/**
 * From a thread to the worker, in lists. The bytes of images are never sent this way. Work is identified by the id of its
 * task and the token of its lease.
 */
export type ThreadMessage =
  /** From now on, the worker renews the lease, until the work has ended. */
  | { type: 'begun'; work: Work }
  /** The time limit of an image starts and stops: calls to other services don't count. */
  | { type: 'developing' }
  | { type: 'developed' }
  /** Requests memory to unpack the image into. The thread holds it until the image is developed or has failed. */
  | { type: 'reserve'; bytes: number }
  /** Requests that no other image is developed until this work has ended. */
  | { type: 'run-alone' }
  | { type: 'ended'; id: string; token: number; end: WorkEnd }

/** From the worker to a thread. */
export type WorkerMessage =
  /** Take no more work, and end after the current work. */
  | { type: 'drain' }
  /** The requested memory is reserved. */
  | { type: 'granted' }
  /** Nothing else is developed now; or another thread has requested the same. */
  | { type: 'alone'; isGranted: boolean }
  /** The lease with this token is lost, or the task was deleted. */
  | { type: 'lease-lost'; id: string; token: number; reason: string }
