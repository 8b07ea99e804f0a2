import assert from 'node:assert/strict'
import type { App } from '../src/http/app.ts'

/** Statuses that any route may answer, such as 413 to a large JSON body: OpenAPI lists them as each route's `default`. */
const ofAnyRoute = new Set([400, 401, 403, 408, 413, 415, 429, 500, 503])

/**
 * From here on, every answer of the app must have a status that the contract of its route declares. What doesn't is
 * told when the test has ended, so that whatever a test asks for is a test of the contract as well.
 */
export function expectDeclaredStatuses<A extends App>(
  owner: { after(check: () => void | Promise<void>): void },
  app: A,
): A {
  const undeclared = new Set<string>()
  app.addHook('onResponse', async ({ method, routeOptions: { url, schema } }, { statusCode }) => {
    const declared = Object(schema?.response)
    if (!schema?.response || statusCode in declared || ofAnyRoute.has(statusCode)) return
    undeclared.add(`${method} ${url} answers ${statusCode}, and its contract doesn't say so`)
  })
  owner.after(() => assert.deepEqual([...undeclared], []))
  return app
}
