import {
  type CallbackStatus,
  fillPath,
  frontendRoutes,
  hasEnded,
  type ImageFacts,
  type ImageStatus,
  type Route,
  type Task,
  type TaskCallback,
  type TaskVariants,
} from '@darkroom/contracts'
import type { FastifyReply } from 'fastify'

/** The public status document of a task, without leases, versions and keys. `base` is the path before the paths of links. */
export function toImageStatus(task: Task, base: string): ImageStatus {
  const { id, state, preset, from, operations, attempts, createdAt, startedAt, finishedAt } = task
  const { original, result, variants, error } = task
  const link = ({ url }: Route, name = '') => base + fillPath(url, { id, name })
  const { getOriginal, getResult, followImage, getVariant } = frontendRoutes
  return {
    id,
    state,
    ...(preset !== undefined && { preset }),
    ...(from !== undefined && { from }),
    ...(operations && { operations }),
    attempts,
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    original: factsOf(original),
    ...(result && { result: factsOf(result) }),
    ...(variants && { variants: mapValues(variants, publicVariant) }),
    ...(error && { error }),
    ...(task.callback && { callback: callbackOf(task.callback) }),
    links: {
      self: pathOfImage(id, base),
      original: link(getOriginal),
      ...(operations && { result: link(getResult) }),
      events: link(followImage),
      ...(variants && { variants: mapValues(variants, (_variant, name) => link(getVariant, name)) }),
    },
  }
}

/** The path of an image for a client that uses a public URL with the path `base`. */
export function pathOfImage(id: string, base: string): string {
  return base + fillPath(frontendRoutes.getImage.url, { id })
}

function callbackOf({ url, state, attempts, answer }: TaskCallback): CallbackStatus {
  return { url, state, attempts, ...(answer !== undefined && { answer }) }
}

function factsOf({ contentType, bytes, width, height, frames, sha256 }: ImageFacts): ImageFacts {
  return { contentType, bytes, width, height, frames, sha256 }
}

function publicVariant({ operations, result }: TaskVariants[string]): TaskVariants[string] {
  return { operations, ...(result && { result: factsOf(result) }) }
}

function mapValues<Value, Mapped>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value, name: string) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]))
}

/** Sets Retry-After while the task hasn't ended. */
export function setRetryAfter(reply: FastifyReply, task: Task): void {
  if (!hasEnded(task)) reply.header('retry-after', 1)
}
