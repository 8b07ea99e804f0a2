import assert from 'node:assert/strict'
import { assertProblem, type InjectedResponse } from './assert-problem.ts'

interface InjectedRequest {
  method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT'
  url: string
  headers?: Record<string, string>
}

interface InjectableApp {
  inject(request: InjectedRequest): Promise<InjectedResponse>
}

/** Asserts that the app refuses the request with 401, unless it has the token. */
export async function assertNeedsToken(
  app: InjectableApp,
  request: InjectedRequest,
  token: string,
): Promise<void> {
  for (const authorization of [undefined, 'Bearer', 'Bearer another', `Basic ${token}`]) {
    const response = await app.inject({ ...request, ...(authorization && { headers: { authorization } }) })
    assertProblem(response, 401, 'unauthorized')
    assert.equal(response.headers['www-authenticate'], 'Bearer')
  }
  const response = await app.inject({ ...request, headers: { authorization: `Bearer ${token}` } })
  assert.notEqual(response.statusCode, 401)
}
