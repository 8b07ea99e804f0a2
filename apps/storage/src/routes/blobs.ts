import { storageRoutes } from '@darkroom/contracts'
import {
  type App,
  acceptBytes,
  atMost,
  collectingMemory,
  ServiceProblem,
  tooLarge,
} from '@darkroom/service-kit'
import { isNotModified, requestedRange } from '../byte-range.ts'
import type { BlobId, BlobStore } from '../engine/engine.ts'
import { throwProblem } from '../store-problems.ts'

export function addBlobRoutes(app: App, store: BlobStore, { maxBlobBytes }: { maxBlobBytes: number }): void {
  acceptBytes(app)
  app.setErrorHandler(throwProblem) // also for what fails when the first bytes of an answer are asked for

  for (const route of [storageRoutes.putBlob, storageRoutes.postBlob]) {
    app.route({
      ...route,
      handler: async ({ params, query: { fence = 0 }, headers, body }, reply) => {
        if (Number(headers['content-length']) > maxBlobBytes) throw tooLarge(maxBlobBytes)
        const contentType = headers['content-type'] ?? 'application/octet-stream'
        const content = collectingMemory(atMost(maxBlobBytes, body))
        const outcome = await store.put(params, content, { contentType, fence })
        if (outcome.kind === 'stored') return reply.code(201).send(outcome.blob)
        const detail = `token ${fence} is older than ${outcome.newest}, with which bytes were stored`
        throw new ServiceProblem(409, 'fenced', detail)
      },
    })
  }

  // HEAD first, or Fastify makes one of its own that reads all bytes.
  for (const route of [storageRoutes.headBlob, storageRoutes.getBlob]) {
    app.route({
      ...route,
      handler: async ({ params, headers, method }, reply) => {
        await using cleanup = new AsyncDisposableStack()
        const whole = method === 'GET' && !headers.range && !headers['if-none-match']
        const found = await store.open(params, { whole })
        const opened = cleanup.use(found ?? notFound(params))
        const { bytes, contentType, sha256 } = opened.blob
        const etag = `"${sha256}"`
        reply.headers({
          etag,
          'accept-ranges': 'bytes',
          'last-modified': opened.modifiedAt.toUTCString(),
          'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
        })
        if (isNotModified(headers, etag)) return reply.code(304).send(undefined)

        // Only GET knows ranges (RFC 9110, 14.2).
        const range = method === 'GET' ? requestedRange(headers, { bytes, etag }) : undefined
        if (range === 'unsatisfiable') throw unsatisfiable(bytes)
        const { start, end } = range ?? { start: 0, end: bytes - 1 }
        if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`)
        reply.type(contentType).header('content-length', end - start + 1)
        if (method === 'HEAD' || bytes === 0) return reply.send(undefined)
        cleanup.move() // the stream closes the blob
        return reply.send(opened.read({ start, end }))
      },
    })
  }

  app.route({
    ...storageRoutes.deleteBlob,
    handler: async ({ params }, reply) => {
      await store.delete(params)
      return reply.code(204).send()
    },
  })
}

function notFound({ key, stage }: BlobId): never {
  throw new ServiceProblem(404, 'blob-not-found', `there are no bytes ${key}/${stage}`)
}

function unsatisfiable(bytes: number): ServiceProblem {
  return new ServiceProblem(
    416,
    'range-not-satisfiable',
    `there are ${bytes} bytes, and none in that range`,
    {
      headers: { 'content-range': `bytes */${bytes}` },
    },
  )
}
