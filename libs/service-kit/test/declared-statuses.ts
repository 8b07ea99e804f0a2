import assert from 'node:assert/strict'
import { codesOf, commonProblems, frontendRoutes, type Route, serviceRoutes } from '@darkroom/contracts'
import type { App } from '../src/http/app.ts'
import { lacksParameter } from '../src/problems/served-paths.ts'
import { toProblem } from '../src/problems/to-problem.ts'

/** Statuses that any route may answer, such as 413 for a large JSON body. OpenAPI covers them by `default`. */
const ofAnyRoute = new Set([400, 401, 403, 408, 413, 415, 429, 500, 503])

const publicRoutes = Object.values<Route>({ ...serviceRoutes, ...frontendRoutes })

/**
 * From now on, every response of the app must have a status that the contract of its route declares, and in the public API
 * also the type of a problem. Otherwise the test fails at its end. So each request of a test also tests the contract. The
 * app is closed before that: a hook that fails prevents those after it, and a server that stays open keeps the process of
 * the tests alive.
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
  app.addHook('onError', async (request, _reply, error) => {
    const { url, schema } = request.routeOptions
    const { status, code } = toProblem(error)
    const answers = schema?.response as Route['schema']['response'] | undefined
    // Each engine of an internal service has its own reasons, which clients of the public API never get.
    if (status === 503 && url === serviceRoutes.readyz.url) return
    if (!publicRoutes.some(route => route.url === url && route.schema.response === answers)) return
    const declared: readonly string[] = [
      ...(commonProblems[status] ?? []),
      ...(codesOf(answers?.[status] ?? {}) ?? []),
    ]
    if (!declared.includes(code))
      undeclared.add(
        `${request.method} ${url} answers ${status} ${code}, which its contract does not declare`,
      )
  })
  owner.after(async () => {
    await app.close()
    assert.deepEqual([...undeclared], [])
  })
  return app
}
