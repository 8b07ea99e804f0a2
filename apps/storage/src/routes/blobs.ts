import type { IncomingHttpHeaders } from 'node:http'
import { BytesRequestHeaders, storageRoutes } from '@darkroom/contracts'
import {
  type App,
  acceptBytes,
  atMost,
  checkPreconditions,
  collectingMemory,
  isRangeCurrent,
  ServiceProblem,
  tooLarge,
  type Validators,
  writeCondition,
} from '@darkroom/service-kit'
import { requestedRange } from '../byte-range.ts'
import type { BlobId, BlobStore, Condition, OpenBlob } from '../engine/engine.ts'
import { throwProblem } from '../store-problems.ts'

const asksForLess = Object.keys(BytesRequestHeaders.properties).filter(name => name !== 'if-range')

export function addBlobRoutes(app: App, store: BlobStore, { maxBlobBytes }: { maxBlobBytes: number }): void {
  acceptBytes(app)
  app.setErrorHandler(throwProblem) // also for what fails when the first bytes of an answer are asked for

  for (const route of [storageRoutes.putBlob, storageRoutes.postBlob]) {
    app.route({
      ...route,
      handler: async ({ params, query: { fence = 0 }, headers, body }, reply) => {
        if (Number(headers['content-length']) > maxBlobBytes) throw tooLarge(maxBlobBytes)
        const contentType = keptType(headers['content-type'])
        const content = collectingMemory(atMost(maxBlobBytes, body))
        const condition = conditionOf(headers)
        const outcome = await store.put(params, content, { contentType, fence }, condition)
        if (outcome.kind === 'stored') return reply.code(201).send(outcome.blob)
        if (outcome.kind === 'refused') throw preconditionFailed(params)
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
        const whole = method === 'GET' && !asksForLess.some(name => headers[name] !== undefined)
        const found = await store.open(params, { whole })
        const opened = cleanup.use(found ?? notFound(params))
        const { bytes, contentType, sha256 } = opened.blob
        const current = validatorsOf(opened)
        reply.headers({
          etag: current.etag,
          'accept-ranges': 'bytes',
          'last-modified': opened.modifiedAt.toUTCString(),
          'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
        })
        const verdict = checkPreconditions(headers, current)
        if (verdict === 'not-modified') return reply.code(304).send(undefined)
        if (verdict === 'failed') throw preconditionFailed(params)

        // Only GET knows ranges (RFC 9110, 14.2).
        const isPart = method === 'GET' && isRangeCurrent(headers['if-range'], current)
        const range = isPart ? requestedRange(headers.range, bytes) : undefined
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
    handler: async ({ params, headers }, reply) => {
      if (!(await store.delete(params, conditionOf(headers)))) throw preconditionFailed(params)
      return reply.code(204).send()
    },
  })
}

function validatorsOf({ blob, modifiedAt }: Pick<OpenBlob, 'blob' | 'modifiedAt'>): Validators {
  return { etag: `"${blob.sha256}"`, modifiedAt }
}

function conditionOf(headers: IncomingHttpHeaders): Condition | undefined {
  const holds = writeCondition(headers)
  return holds && (standing => holds(standing && validatorsOf(standing)))
}

const maxTypeLength = 255

/** The type is for readers of the blob; bytes are not refused for it. */
function keptType(given: string | undefined): string {
  return given === undefined || given.length > maxTypeLength ? 'application/octet-stream' : given
}

function notFound({ key, stage }: BlobId): never {
  throw new ServiceProblem(404, 'blob-not-found', `there are no bytes ${key}/${stage}`)
}

function preconditionFailed({ key, stage }: BlobId): ServiceProblem {
  return new ServiceProblem(412, 'precondition-failed', `the bytes ${key}/${stage} are not as presumed`)
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
