import type { ImageHeader } from '@darkroom/image-header'
import type { DevelopLimits } from '../limits.ts'
import type { Plan } from '../plan.ts'
import type { SharedOriginal } from '../shared-original.ts'

/** An image, and the plan for its result. */
export interface Job {
  readonly input: Uint8Array
  readonly header: ImageHeader
  readonly plan: Plan
  readonly limits: DevelopLimits
  /** Given if the image has several outputs. */
  readonly shared?: SharedOriginal | undefined
}

/** One way to develop an image. */
export interface Way {
  /**
   * About how many bytes of memory the way takes at most, without the input; undefined if it can't do the job.
   *
   * @throws UnusableImage when the job exceeds a limit
   */
  cost(job: Job): number | undefined
  /** The result; undefined if the image turns out to need another way. */
  develop(job: Job): Promise<Uint8Array | undefined>
}
