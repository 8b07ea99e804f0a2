import { fileExtensionOf, outputKey, type Stage, type Task } from '@darkroom/contracts'
import { type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { relayBlob, requireFinished, requireResult } from '@darkroom/service-kit/images'
import type { FastifyReply } from 'fastify'

/** Stored bytes of an image. */
export interface ImageBytes {
  key: string
  stage: Stage
  contentType: string
}

/** @throws ServiceProblem 404, 409 or 422 if there is no result, or not yet */
export function resultOf(task: Task): ImageBytes {
  requireResult(task)
  return { key: task.id, stage: 'post', contentType: task.result?.contentType ?? task.original.contentType }
}

/** @throws ServiceProblem 404, 409 or 422 if there is no such variant, or not yet */
export function variantOf(task: Task, name: string): ImageBytes {
  const { id, variants = {} } = task
  const variant = Object.hasOwn(variants, name) ? variants[name] : undefined
  if (!variant) {
    const names = Object.keys(variants).join(', ')
    const detail = `the image ${id} has no variant "${name}"; ${names ? `it has: ${names}` : 'it has no variants'}`
    throw new ServiceProblem(404, 'variant-not-found', detail)
  }
  requireFinished(task)
  const contentType = variant.result?.contentType ?? task.original.contentType
  return { key: outputKey(id, name), stage: 'post', contentType }
}

export function originalOf({ id, original }: Task): ImageBytes {
  return { key: id, stage: 'pre', contentType: original.contentType }
}

/** Sends bytes so that browsers never run, sniff or frame an uploaded file as something else (OWASP File Upload). */
export function sendBytes(
  reply: FastifyReply,
  storage: ServiceClients['storage'],
  { key, stage, contentType }: ImageBytes,
  cacheControl = 'private, no-cache',
): Promise<FastifyReply> {
  const disposition = stage === 'post' ? 'inline' : 'attachment'
  return relayBlob(
    reply,
    storage,
    { key, stage },
    {
      'cache-control': cacheControl,
      'content-disposition': `${disposition}; filename="${key}.${fileExtensionOf(contentType)}"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    },
  )
}
