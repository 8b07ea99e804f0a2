import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { RecordedLog } from '@darkroom/testing'
import type { App } from '../src/http/app.ts'
import { type AppOptions, createApp } from '../src/http/create-app.ts'
import { createLogger } from '../src/log/logger.ts'

/** An app to which a test adds routes; it ends with the test. */
export function buildApp(t: TestContext, options: Partial<AppOptions> = {}): { app: App; log: RecordedLog } {
  const log = new RecordedLog()
  const logger = createLogger('test', 'debug', log)
  const app = createApp({ name: 'test', logger, checkReady: async () => undefined, ...options })
  t.after(() => app.close())
  return { app, log }
}

/**
 * Holds requests until the test opens it, or ends. It is made before the app, so that it is opened before the app closes:
 * closing waits for requests.
 */
export function latch(t: TestContext): { opened: Promise<void>; open: () => void } {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  t.after(() => open())
  return { opened, open }
}

/** The code of a problem document. */
export function problemOf(answer: {
  statusCode: number
  headers: object
  json(): Record<string, unknown>
}): string {
  const problem = answer.json()
  assert.ok('content-type' in answer.headers)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(problem.status, answer.statusCode)
  return String(problem.type).replace('urn:darkroom:problem:', '')
}
