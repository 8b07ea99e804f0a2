import type { IncomingHttpHeaders } from 'node:http'
import type { Handler, Handlers, storageRoutes } from '@darkroom/contracts'
import {
  atMost,
  type Body,
  collectingMemory,
  readHead,
  ServiceProblem,
  tooLarge,
  writeCondition,
} from '@darkroom/service-kit'
import { type BlobStore, type Condition, type Content, smallBytes } from '../engine/engine.ts'
import { notFound, preconditionFailed } from './blob-problems.ts'
import { validatorsOf } from './validators.ts'

type Routes = typeof storageRoutes
type WriteHandlers = Pick<Handlers<Routes>, 'putBlob' | 'postBlob' | 'copyBlob' | 'deleteBlob'>

export function writeHandlers(store: BlobStore, { maxBlobBytes }: { maxBlobBytes: number }): WriteHandlers {
  const putBlob: Handler<Routes['putBlob']> = async ({ params, querystring, headers, body }) => {
    if (Number(headers['content-length']) > maxBlobBytes) throw tooLarge(maxBlobBytes)
    const { fence = 0 } = querystring
    const contentType = keptType(headers['content-type'])
    const put = (content: Content) => store.put(params, content, { contentType, fence }, conditionOf(headers))
    const outcome = await withContent(body, maxBlobBytes, put)
    if (outcome.kind === 'stored') return { status: 201, body: outcome.blob }
    if (outcome.kind === 'refused') throw preconditionFailed(params, { members: { received: outcome.blob } })
    const detail = `token ${fence} is older than ${outcome.newest}, the token of the stored bytes`
    throw new ServiceProblem(409, 'fenced', detail)
  }

  return {
    putBlob,
    postBlob: putBlob,

    async copyBlob({ params, querystring: { from } }) {
      const source = { key: from, stage: params.stage }
      return { status: 201, body: (await store.copy(source, params)) ?? notFound(source) }
    },

    async deleteBlob({ params, headers }) {
      if (!(await store.delete(params, conditionOf(headers)))) throw preconditionFailed(params)
      return { status: 204 }
    },
  }
}

/** Passes a small body as bytes, and a larger body as a stream. @throws ServiceProblem 413 */
async function withContent<Result>(
  body: Body,
  maxBytes: number,
  use: (content: Content) => Promise<Result>,
): Promise<Result> {
  if (body instanceof Uint8Array && body.length <= maxBytes) return use(body)
  const arriving = collectingMemory(atMost(maxBytes, body))
  try {
    const { whole } = await readHead(arriving, smallBytes)
    return await use(whole)
  } finally {
    // Releases the unread rest, so that the client gets the response. Not awaited: a client that sends nothing would delay
    // the response.
    arriving.return(undefined).catch(() => undefined)
  }
}

function conditionOf(headers: IncomingHttpHeaders): Condition | undefined {
  const holds = writeCondition(headers)
  return holds && (current => holds(current && validatorsOf(current)))
}

const maxTypeLength = 255

/** The type is only information for readers; a malformed type is not an error. */
function keptType(given: string | undefined): string {
  return given === undefined || given.length > maxTypeLength ? 'application/octet-stream' : given
}
