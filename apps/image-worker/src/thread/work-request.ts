import type { WorkRequest } from '@darkroom/contracts'
import { usualInlineBytes, type WorkLoopOptions } from './work-options.ts'

/** A request for any work that the thread can do. */
export function workRequest({
  name,
  decodes = [],
  inlineBytes = usualInlineBytes,
}: WorkLoopOptions): WorkRequest {
  return { worker: name, decodes: decodes.join(), inline: inlineBytes }
}

/** Requests the next work, unless the thread takes no more. */
export function nextRequest(options: WorkLoopOptions): { next?: WorkRequest } {
  return options.draining.aborted ? {} : { next: workRequest(options) }
}
