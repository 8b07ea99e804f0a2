import type { TaskError, Work } from '@darkroom/contracts'

/** What a thread is given at its start. */
export interface ThreadData {
  /** As tasks call it: the worker's name and the thread's number. */
  name: string
  kvUrl: string
  clusterToken?: string | undefined
  logLevel: string
  processingMs: number
  maxPixels: number
  maxUnpackedBytes: number
}

/** How work on a task ended, for the worker's own measurements. */
export type WorkEnd =
  | { kind: 'finished'; bytesIn: number; bytesOut: number }
  | { kind: 'failed'; error: TaskError }
  /** The lease was lost or the task deleted: nobody is told. */
  | { kind: 'abandoned'; reason: string }
  /** Returned: the worker shuts down, or a service that it needs is away or full. */
  | { kind: 'returned' }

/** From a thread to the worker, in lists. Bytes of images never take this way. */
export type ThreadMessage =
  | { type: 'begun'; work: Work }
  /** The time that an image may take begins, and ends: what services take beside it isn't the image's. */
  | { type: 'developing' }
  | { type: 'developed' }
  /** Asks for memory to unpack the image into; held until it is developed, or failed to be. */
  | { type: 'reserve'; bytes: number }
  | { type: 'ended'; id: string; end: WorkEnd }

/** From the worker to a thread. */
export type WorkerMessage =
  /** Take no more work, and end when what is under way has ended. */
  | { type: 'drain' }
  /** The memory asked for is there. */
  | { type: 'granted' }
