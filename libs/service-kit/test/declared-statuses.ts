import assert from 'node:assert/strict'
import type { App } from '../src/http/app.ts'
import { lacksParameter } from '../src/problems/served-paths.ts'

/** Statuses that any route may answer, such as 413 for a large JSON body. OpenAPI covers them by `default`. */
const ofAnyRoute = new Set([400, 401, 403, 408, 413, 415, 429, 500, 503])

/**
 * From now on, every answer of the app must have a status that the contract of its route declares. Otherwise the test
 * fails at its end. So each request of a test also tests the contract. The app is closed before that: a hook that fails
 * prevents those after it, and a server that stays open keeps the process of the tests alive.
 */
export function expectDeclaredStatuses<A extends App>(
  owner: { after(check: () => void | Promise<void>): void },
  app: A,
): A {
  const undeclared = new Set<string>()
  app.addHook('onResponse', async (request, { statusCode }) => {
    const { url, schema } = request.routeOptions
    const declared = Object(schema?.response)
    if (!schema?.response || statusCode in declared || ofAnyRoute.has(statusCode)) return
    if (statusCode === 404 && lacksParameter(request)) return // not a path of this route
    undeclared.add(`${request.method} ${url} answers ${statusCode}, which its contract does not declare`)
  })
  owner.after(async () => {
    await app.close()
    assert.deepEqual([...undeclared], [])
  })
  return app
}
