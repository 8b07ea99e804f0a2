import { BytesRequestHeaders, type Handlers, type storageRoutes } from '@darkroom/contracts'
import { checkPreconditions, isRangeCurrent, ServiceProblem } from '@darkroom/service-kit'
import { requestedRange } from '../byte-range.ts'
import type { BlobStore, OpenBlob } from '../engine/engine.ts'
import { notFound, preconditionFailed } from './blob-problems.ts'
import { validatorsOf } from './validators.ts'

/** Headers after which the response may have fewer bytes than the blob. */
const shorteningHeaders = (
  Object.keys(BytesRequestHeaders.properties) as (keyof typeof BytesRequestHeaders.properties)[]
).filter(name => name !== 'if-range')

export function readHandlers(store: BlobStore): Pick<Handlers<typeof storageRoutes>, 'getBlob' | 'headBlob'> {
  return {
    async getBlob({ params, headers }) {
      await using cleanup = new AsyncDisposableStack()
      const whole = !shorteningHeaders.some(name => headers[name] !== undefined)
      const opened = cleanup.use((await store.open(params, { whole })) ?? notFound(params))
      const { bytes, contentType } = opened.blob
      const current = validatorsOf(opened)
      const facts = headersOf(opened)
      const verdict = checkPreconditions(headers, current)
      if (verdict === 'not-modified') return { status: 304, headers: facts }
      if (verdict === 'failed') throw preconditionFailed(params, { headers: facts })
      const isPart = isRangeCurrent(headers['if-range'], current)
      const range = isPart ? requestedRange(headers.range, bytes) : undefined
      if (range === 'unsatisfiable') throw unsatisfiable(bytes, facts)
      const { start, end } = range ?? { start: 0, end: bytes - 1 }
      const described = { ...facts, 'content-type': contentType, 'content-length': end - start + 1 }
      if (bytes === 0) return { status: 200, headers: described, body: new Uint8Array() }
      cleanup.move() // the stream closes the blob
      const body = opened.read({ start, end })
      if (!range) return { status: 200, headers: described, body }
      const contentRange = `bytes ${start}-${end}/${bytes}`
      return { status: 206, headers: { ...described, 'content-range': contentRange }, body }
    },

    // Only GET supports ranges (RFC 9110, 14.2).
    async headBlob({ params, headers }) {
      await using opened = (await store.open(params, { whole: false })) ?? notFound(params)
      const { bytes, contentType } = opened.blob
      const facts = headersOf(opened)
      const verdict = checkPreconditions(headers, validatorsOf(opened))
      if (verdict === 'not-modified') return { status: 304, headers: facts }
      if (verdict === 'failed') throw preconditionFailed(params, { headers: facts })
      const described = { ...facts, 'content-type': contentType, 'content-length': bytes }
      return { status: 200, headers: described, body: new Uint8Array() }
    },
  }
}

function headersOf(opened: OpenBlob) {
  return {
    etag: validatorsOf(opened).etag,
    'accept-ranges': 'bytes',
    'last-modified': opened.modifiedAt.toUTCString(),
    'repr-digest': `sha-256=:${Buffer.from(opened.blob.sha256, 'hex').toString('base64')}:`,
  }
}

function unsatisfiable(bytes: number, headers: Record<string, string>): ServiceProblem {
  return new ServiceProblem(
    416,
    'range-not-satisfiable',
    `the requested range is outside the ${bytes} bytes`,
    {
      headers: { ...headers, 'content-range': `bytes */${bytes}` },
    },
  )
}
