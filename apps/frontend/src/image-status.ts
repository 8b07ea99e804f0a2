import { hasEnded, type ImageFacts, type ImageStatus, type Task } from '@darkroom/contracts'
import type { FastifyReply } from 'fastify'

/** The public face of a task: without leases, versions and keys. */
export function toImageStatus(task: Task): ImageStatus {
  const { id, state, operations, attempts, createdAt, startedAt, finishedAt, original, result, error } = task
  const self = `/images/${id}`
  return {
    id,
    state,
    operations,
    attempts,
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    original: factsOf(original),
    ...(result && { result: factsOf(result) }),
    ...(error && { error }),
    links: { self, original: `${self}/original`, result: `${self}/result` },
  }
}

function factsOf({ contentType, bytes, width, height, frames, sha256 }: ImageFacts): ImageFacts {
  return { contentType, bytes, width, height, frames, sha256 }
}

/** Says when to look again while the task hasn't ended. */
export function setRetryAfter(reply: FastifyReply, task: Task): void {
  if (!hasEnded(task)) reply.header('retry-after', 1)
}
