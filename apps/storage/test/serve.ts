import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { RecordedLog, temporaryFolder } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { FileBlobStore } from '../src/engine/file/file.ts'

export const silentLogger = createLogger('storage', 'silent')

/** The app on a real socket, with an empty file store. */
export async function serve(
  t: TestContext,
  options: { maxBlobBytes?: number; minFreeBytes?: number; clusterToken?: string } = {},
) {
  const { maxBlobBytes = 8 * 1024 * 1024, minFreeBytes = 0, clusterToken } = options
  const folder = temporaryFolder(t)
  const log = new RecordedLog()
  const store = await FileBlobStore.open({ folder, minFreeBytes })
  const logger = createLogger('storage', 'info', log)
  const app = expectDeclaredStatuses(t, buildApp({ store, logger, maxBlobBytes, clusterToken }))
  t.after(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, url, folder, log, store }
}

/** The code of a problem document. */
export function problemOf(answer: { status: number; headers: Record<string, unknown>; json(): object }) {
  const problem = answer.json()
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.ok('status' in problem && problem.status === answer.status)
  assert.ok('type' in problem)
  return String(problem.type).replace('urn:darkroom:problem:', '')
}
