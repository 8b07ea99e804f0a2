import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { problemType, tusVersion } from '@darkroom/contracts'
import { generateImage, type HttpRequest, type HttpResponse } from '@darkroom/testing'
import type { Frontend } from './start-frontend.ts'

export const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
/** Three pieces long. The intake ignores bytes after the end of a PNG. */
export const large = Buffer.concat([png, randomBytes(20 * 1024 * 1024)])
/** The headers of every request. */
export const tus = { 'tus-resumable': tusVersion }
export const patchType = { 'content-type': 'application/offset+octet-stream' }

/** Requests of resumable uploads to one frontend. */
export function tusRequests({ ask }: Pick<Frontend, 'ask'>) {
  const create = (headers: Record<string, string>, request: HttpRequest = {}): Promise<HttpResponse> =>
    ask('/uploads', { method: 'POST', ...request, headers: { ...tus, ...headers } })
  return {
    create,
    /** Returns the path of the new upload. */
    begin: async (length = png.length, headers: Record<string, string> = {}): Promise<string> => {
      const { status, headers: answered } = await create({ 'upload-length': String(length), ...headers })
      assert.equal(status, 201)
      return String(answered.location)
    },
    patch: (path: string, offset: number, body: Uint8Array, headers: Record<string, string> = {}) => {
      const own = { ...tus, ...patchType, 'upload-offset': String(offset) }
      return ask(path, { method: 'PATCH', body, headers: { ...own, ...headers } })
    },
    offsetOf: async (path: string): Promise<string> => {
      const { status, headers } = await ask(path, { method: 'HEAD', headers: tus })
      assert.equal(status, 200)
      return String(headers['upload-offset'])
    },
  }
}

export function metadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join()
}

/** The status of a problem, and its code. */
export function codeOf(response: HttpResponse): [number, unknown] {
  return [response.status, String(response.json().type).replace(problemType(''), '')]
}
