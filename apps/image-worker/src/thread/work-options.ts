import type { Client, imageMasterRoutes, Operation, storageRoutes, Work } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit/clients'
import type { Developed } from '../develop/developed.ts'
import type { SharedOriginal } from '../develop/shared-original.ts'
import type { ThreadMessage } from './protocol.ts'

export interface WorkLoopOptions {
  name: string
  /** The optional file types that `develop` can decode; tasks with others go to other workers. */
  decodes?: readonly string[]
  clients: { imageMaster: Client<typeof imageMasterRoutes>; storage: Client<typeof storageRoutes> }
  logger: Logger
  /** Aborted when the thread must take no more work. */
  draining: AbortSignal
  /**
   * Called for each output, one after the other. `shared` is given if there are several.
   *
   * @throws UnusableImage when the image is the cause
   */
  develop(
    input: Uint8Array,
    operations: readonly Operation[],
    shared: SharedOriginal | undefined,
  ): Promise<Developed>
  report(message: ThreadMessage): void
  /** Aborted, with the reason, when the lease of this work is lost or its task was deleted. Called when work begins. */
  lostLease(work: Work): AbortSignal
  /** Waits until no other image is developed; resolves with false if another image waits for that, or is alone. */
  runAlone(): Promise<boolean>
  refusedWrites?: RefusedWrites
  /** Originals and results of at most this many bytes are sent inside the messages about their work. */
  inlineBytes?: number
}

/**
 * While the storage is full, developing an image is wasted work. These limit how long storing a result is retried, and
 * how often images are developed.
 */
interface RefusedWrites {
  /** How long to retry storing a result. */
  offerMs: number
  /** The pause between images that had to be returned, which doubles each time: the first, and the longest. */
  firstPauseMs: number
  longestPauseMs: number
}

/** Each thread then develops at most one image a minute, and continues within a minute after the storage has room. */
export const usualRefusedWrites: RefusedWrites = {
  offerMs: 30_000,
  firstPauseMs: 5000,
  longestPauseMs: 60_000,
}

export const usualInlineBytes = 128 * 1024
