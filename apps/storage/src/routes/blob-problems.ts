import { ServiceProblem } from '@darkroom/service-kit'
import type { BlobId } from '../engine/engine.ts'

export function notFound({ key, stage }: BlobId): never {
  throw new ServiceProblem(404, 'blob-not-found', `no bytes are stored as ${key}/${stage}`)
}

export function preconditionFailed(
  { key, stage }: BlobId,
  details: { headers?: Record<string, string>; members?: Record<string, unknown> } = {},
): ServiceProblem {
  const detail = `the bytes ${key}/${stage} do not match the preconditions of the request`
  return new ServiceProblem(412, 'precondition-failed', detail, details)
}
